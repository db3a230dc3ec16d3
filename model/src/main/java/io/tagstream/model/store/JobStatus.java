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
 * How a job stands: {@code MODELS/status/JOB.json}, which whoever runs the job replaces every few
 * seconds so that other processes can show it. {@code docs/status.md} lists its fields.
 *
 * @param format {@link #FORMAT}
 * @param writtenAt an old one is of a job that does not run any more
 * @param cause why it restarts, or why it failed
 * @param resumedFrom the snapshot it began with; empty when it began with none
 * @param lastCheckpoint of this start of the job
 * @param end of a job that has ended, unless it was killed
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

  /** Of the file; a change that an earlier reader would misread raises it. */
  public static final int FORMAT = 1;

  /** One that is written every five seconds is no older, on a busy machine too. */
  private static final Duration FRESH = Duration.ofSeconds(30);

  /** Two were not written. */
  private static final Duration MISSED = Duration.ofSeconds(12);

  private static final String SUFFIX = ".json";
  private static final int LONGEST = 16 << 20;
  private static final Pattern NAME = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._-]{0,99}");

  /** Where a job stands. */
  public enum State {
    /** Its operators come up for the first time. */
    STARTING,
    RUNNING,
    /** It has failed, and its operators come up again. */
    RESTARTING,
    /** It writes its savepoint. */
    STOPPING,
    STOPPED,
    FAILED;

    /** As the file has it. */
    @JsonValue
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Whether the job has ended. */
    public boolean isFinal() {
      return this == STOPPED || this == FAILED;
    }
  }

  /**
   * Who writes the file.
   *
   * @param id of the operating system
   */
  public record Writer(long id, String host) {
    public Writer {
      Objects.requireNonNull(host);
    }

    /** This one. */
    public static Writer current() {
      return new Writer(ProcessHandle.current().pid(), thisHost());
    }

    /** Whether it ran on this machine and is there no more. */
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

  /** Which topics the job reads and writes. */
  public record Kafka(String clusterId, String bootstrapServers, String topicPrefix) {
    public Kafka {
      Objects.requireNonNull(clusterId);
      Objects.requireNonNull(bootstrapServers);
      // Null is what Jackson gives for what the file leaves out because it is empty.
      topicPrefix = topicPrefix == null ? "" : topicPrefix;
    }
  }

  /**
   * What answers.
   *
   * @param liveVersion what {@code MODELS/live} named when this was written; empty when it could
   *     not be read
   * @param engine as {@code --engine} has it
   * @param device as {@code --device} has it
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
   * A completed one, or a savepoint.
   *
   * @param durationMs from its trigger; a job on a cluster does not say
   * @param bytes of the state it holds; a job on a cluster does not say
   * @param location what a start resumes from; a job on a cluster does not say
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
   * What went wrong since the start.
   *
   * @param lastCause in one line; a job on a cluster does not say
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
   * @param savepoint of a stop that ran to its end
   * @param remains the newest snapshot without such a stop, which the next start resumes from
   */
  public record End(Instant at, Optional<String> savepoint, Optional<String> remains) {
    public End {
      Objects.requireNonNull(at);
      Objects.requireNonNull(savepoint);
      Objects.requireNonNull(remains);
    }
  }

  /** Its first member alone, which the files of earlier versions lack. */
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

  /** Whether it says that the job runs, and nobody has written it for so long that it does not. */
  public boolean isStale(Instant now) {
    Duration age = Duration.between(writtenAt, now);
    return !state.isFinal()
        && (age.compareTo(FRESH) > 0 || (age.compareTo(MISSED) > 0 && process.isGone()));
  }

  /**
   * Puts it in place of the job's last one.
   *
   * @param models the store's folder
   */
  public void write(Path models) throws IOException {
    Path file = file(models, job);
    Files.createDirectories(file.getParent());
    AtomicFiles.replace(file, StoreJson.write(this));
  }

  /**
   * What a job wrote last; empty when it never did, or a version that wrote no format.
   *
   * @throws ModelException when the file cannot be read, or is a later version's
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
            "cannot use %s: it has format %d, this version reads formats up to %d; use the version that runs the job"
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
   * The jobs that left a status in a store, by name.
   *
   * @throws ModelException when the folder cannot be read
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

  /** Nothing that could lead out of the folder. */
  static String requireName(String job) {
    if (!NAME.matcher(job).matches()) {
      throw new ModelException("'%s' is no job's name".formatted(job));
    }
    return job;
  }

  private static Path file(Path models, String job) {
    return folder(models).resolve(requireName(job) + SUFFIX);
  }
}
