package io.tagstream.model.store;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.tagstream.model.ModelException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The state of a job, {@code MODELS/status/JOB.json}. The process that runs the job replaces the
 * file every few seconds, and other processes can show it. {@code docs/status.md} lists its fields.
 *
 * @param format {@link #FORMAT}
 * @param writtenAt if it is old, the job no longer runs
 * @param cause why the job restarts, or why it failed
 * @param resumedFrom the snapshot that the job started from; empty if it started without one
 * @param lastCheckpoint the last one since this start of the job
 * @param end how the job ended; empty while it runs, and if it was killed
 */
public record JobStatus(
    int format,
    String job,
    State state,
    Optional<String> cause,
    Instant startedAt,
    Instant writtenAt,
    Writer process,
    Kafka kafka,
    Serving serving,
    Optional<String> resumedFrom,
    Optional<Checkpoint> lastCheckpoint,
    Troubles failedCheckpoints,
    Troubles restarts,
    Optional<End> end) {

  /** The file's format; a change that an earlier reader would misread raises it. */
  public static final int FORMAT = 1;

  /** A file that is written every five seconds is no older than this, even on a busy machine. */
  private static final Duration FRESH = Duration.ofSeconds(30);

  /** At this age, two writes are missing. */
  private static final Duration MISSED = Duration.ofSeconds(12);

  private static final String SUFFIX = ".json";
  private static final int LONGEST = 16 << 20;
  private static final Pattern NAME = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._-]{0,99}");

  /** The state of a job. */
  public enum State {
    /** The operators are starting for the first time. */
    STARTING,
    RUNNING,
    /** The job failed and its operators are starting again. */
    RESTARTING,
    /** The job is writing its savepoint. */
    STOPPING,
    STOPPED,
    FAILED;

    /** The spelling in the file. */
    @JsonValue
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    public boolean isFinal() {
      return this == STOPPED || this == FAILED;
    }
  }

  /**
   * The process that writes the file.
   *
   * @param id the operating system's process id
   */
  public record Writer(long id, String host) {
    public Writer {
      Objects.requireNonNull(host);
    }

    /** The current process. */
    public static Writer current() {
      return new Writer(ProcessHandle.current().pid(), thisHost());
    }

    /** Whether the process ran on this machine and no longer exists. */
    public boolean isGone() {
      return host.equals(thisHost()) && ProcessHandle.of(id).isEmpty();
    }

    private static String thisHost() {
      try {
        return InetAddress.getLocalHost().getHostName();
      } catch (UnknownHostException e) {
        return "this host";
      }
    }
  }

  /** The Kafka cluster and the topics that the job reads and writes. */
  public record Kafka(String clusterId, String bootstrapServers, String topicPrefix) {
    public Kafka {
      Objects.requireNonNull(clusterId);
      Objects.requireNonNull(bootstrapServers);
      // Jackson passes null for an empty value, which is omitted from the file.
      topicPrefix = topicPrefix == null ? "" : topicPrefix;
    }
  }

  /**
   * What computes the predictions.
   *
   * @param liveVersion the version in {@code MODELS/live} when this was written; empty if it could
   *     not be read
   * @param engine as in {@code --engine}
   * @param device as in {@code --device}
   * @param views crops per image
   */
  public record Serving(Optional<String> liveVersion, String engine, String device, int views) {
    public Serving {
      Objects.requireNonNull(liveVersion);
      Objects.requireNonNull(engine);
      Objects.requireNonNull(device);
    }
  }

  /**
   * A completed checkpoint or savepoint. A job on a cluster does not report duration, bytes and
   * location.
   *
   * @param durationMs milliseconds from its trigger to its completion
   * @param bytes the size of its state
   * @param location the path that a start resumes from
   */
  public record Checkpoint(
      long id,
      Instant completedAt,
      Optional<Long> durationMs,
      Optional<Long> bytes,
      Optional<String> location) {
    public Checkpoint {
      Objects.requireNonNull(completedAt);
      Objects.requireNonNull(durationMs);
      Objects.requireNonNull(bytes);
      Objects.requireNonNull(location);
    }
  }

  /**
   * The failures since the start.
   *
   * @param lastCause one line; a job on a cluster does not report it
   */
  public record Troubles(long count, Optional<Instant> lastAt, Optional<String> lastCause) {
    public static final Troubles NONE = new Troubles(0, Optional.empty(), Optional.empty());

    public Troubles {
      Objects.requireNonNull(lastAt);
      Objects.requireNonNull(lastCause);
    }
  }

  /**
   * How the job ended.
   *
   * @param savepoint the savepoint of a completed stop
   * @param remains without a completed stop, the newest snapshot, which the next start resumes from
   */
  public record End(Instant at, Optional<String> savepoint, Optional<String> remains) {
    public End {
      Objects.requireNonNull(at);
      Objects.requireNonNull(savepoint);
      Objects.requireNonNull(remains);
    }
  }

  /** Only the first field, which files of earlier versions lack. */
  private record Versioned(Optional<Integer> format) {}

  public JobStatus {
    Objects.requireNonNull(job);
    Objects.requireNonNull(state);
    Objects.requireNonNull(cause);
    Objects.requireNonNull(startedAt);
    Objects.requireNonNull(writtenAt);
    Objects.requireNonNull(process);
    Objects.requireNonNull(kafka);
    Objects.requireNonNull(serving);
    Objects.requireNonNull(resumedFrom);
    Objects.requireNonNull(lastCheckpoint);
    Objects.requireNonNull(failedCheckpoints);
    Objects.requireNonNull(restarts);
    Objects.requireNonNull(end);
  }

  /** Whether the status reports a running job but is too old for the job to be running. */
  public boolean isStale(Instant now) {
    Duration age = Duration.between(writtenAt, now);
    return !state.isFinal()
        && (age.compareTo(FRESH) > 0 || (age.compareTo(MISSED) > 0 && process.isGone()));
  }

  /**
   * Replaces the job's previous status.
   *
   * @param models the store's folder
   */
  public void write(Path models) throws IOException {
    Path file = file(models, job);
    Files.createDirectories(file.getParent());
    AtomicFiles.replace(file, StoreJson.write(this));
  }

  /**
   * Reads a job's status; empty if there is none, or if a version wrote it that recorded no format.
   *
   * @throws ModelException if the file cannot be read, or a later version wrote it
   */
  public static Optional<JobStatus> read(Path models, String job) {
    Path file = file(models, job);
    try {
      byte[] json = RegularFile.read(file, LONGEST);
      Optional<Integer> format = StoreJson.read(json, Versioned.class).format();
      if (format.isEmpty()) {
        return Optional.empty();
      }
      if (format.get() > FORMAT) {
        throw new ModelException(
            "cannot use %s: it has format %d, but this version reads formats up to %d; use the version that runs the job"
                .formatted(file, format.get(), FORMAT));
      }
      return Optional.of(StoreJson.read(json, JobStatus.class));
    } catch (NoSuchFileException never) {
      return Optional.empty();
    } catch (JsonProcessingException e) {
      throw new ModelException("cannot use %s: %s".formatted(file, StoreJson.cause(e)), e);
    } catch (IOException e) {
      throw new ModelException("cannot read " + file + ": " + e, e);
    }
  }

  /**
   * The names of the jobs that have a status in a store.
   *
   * @throws ModelException if the folder cannot be read
   */
  public static List<String> jobs(Path models) {
    Path folder = folder(models);
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(SUFFIX) && !name.startsWith("."))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()))
          .filter(name -> NAME.matcher(name).matches())
          .sorted()
          .toList();
    } catch (NoSuchFileException | NotDirectoryException none) {
      return List.of();
    } catch (IOException e) {
      throw new ModelException("cannot read " + folder + ": " + e, e);
    }
  }

  static Path folder(Path models) {
    return models.resolve("status");
  }

  /** Rejects names that could lead out of the folder. */
  static String requireName(String job) {
    if (!NAME.matcher(job).matches()) {
      throw new ModelException("'%s' is not a job's name".formatted(job));
    }
    return job;
  }

  private static Path file(Path models, String job) {
    return folder(models).resolve(requireName(job) + SUFFIX);
  }
}
