package io.tagstream.model.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How the retraining of a job stands: {@code MODELS/status/retraining/JOB.json}, which the operator
 * that trains replaces every few seconds so that other processes can show it.
 *
 * @param at when it was written: an old one is of a job that does not run
 * @param newLabels those that no run has taken
 * @param neededLabels new labels that start a run when no more come
 * @param rows of the training store
 * @param heldOut images of the held-out part
 * @param neededHeldOut without so many of them no run starts
 * @param waiting new classes that have too few images to be taught, each with what it has and needs
 * @param requests that no run has taken
 * @param labelsWaiting labels that wait for their image; empty before they were counted
 * @param damage what is wrong with the live version, and what mends it: no run starts from it
 * @param run the one under way
 * @param last the one that ended last, of those this start of the job knows
 * @param accuracy by version, of those that answered last
 * @param stopped when the training stopped with its job; empty while it goes on
 */
public record RetrainStatus(
    Instant at,
    long newLabels,
    long neededLabels,
    long rows,
    long heldOut,
    long neededHeldOut,
    List<String> waiting,
    int requests,
    Optional<Long> labelsWaiting,
    Optional<String> damage,
    Optional<Run> run,
    Optional<Ended> last,
    Map<String, Accuracy> accuracy,
    Optional<Instant> stopped) {

  private static final int LONGEST = 16 << 20;

  /**
   * A run under way.
   *
   * @param attempt from 1; the next one, while the run waits for it
   * @param progress empty before the first step
   * @param pause between two attempts
   */
  public record Run(
      String version,
      String cause,
      Instant started,
      int attempt,
      Optional<Progress> progress,
      Optional<Pause> pause) {
    public Run {
      Objects.requireNonNull(version);
      Objects.requireNonNull(cause);
      Objects.requireNonNull(started);
      Objects.requireNonNull(progress);
      Objects.requireNonNull(pause);
    }
  }

  /**
   * Why a run does not go on now.
   *
   * @param until when it does
   */
  public record Pause(Instant until, String reason) {
    public Pause {
      Objects.requireNonNull(until);
      Objects.requireNonNull(reason);
    }
  }

  /**
   * How far it is.
   *
   * @param epoch from 1
   * @param step images shown so far, each time counted
   * @param steps images that will be shown
   * @param loss the last batch's mean cross entropy
   * @param waiting the share of the time in which the step waited for images, 0 to 1
   */
  public record Progress(
      int epoch,
      int epochs,
      long step,
      long steps,
      double imagesPerSecond,
      double loss,
      double waiting,
      Duration remaining) {
    public Progress {
      Objects.requireNonNull(remaining);
    }
  }

  /**
   * A run that ended.
   *
   * @param outcome promoted, candidate or rejected
   */
  public record Ended(String version, String outcome, String reason, Instant at) {
    public Ended {
      Objects.requireNonNull(version);
      Objects.requireNonNull(outcome);
      Objects.requireNonNull(reason);
      Objects.requireNonNull(at);
    }
  }

  /**
   * A version's answers on labelled images of the stream.
   *
   * @param recentLabels the last of them
   */
  public record Accuracy(long labels, long right, int recentLabels, int recentRight) {}

  public RetrainStatus {
    Objects.requireNonNull(at);
    Objects.requireNonNull(labelsWaiting);
    Objects.requireNonNull(damage);
    Objects.requireNonNull(run);
    Objects.requireNonNull(last);
    Objects.requireNonNull(stopped);
    // Null is what Jackson gives for what the file leaves out because it is empty.
    waiting = waiting == null ? List.of() : List.copyOf(waiting);
    accuracy = accuracy == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(accuracy));
  }

  /**
   * Puts it in place of the job's last one.
   *
   * @param models the store's folder
   * @param job the job's name
   */
  public void write(Path models, String job) throws IOException {
    Path file = file(models, job);
    Files.createDirectories(file.getParent());
    AtomicFiles.replace(file, StoreJson.write(this));
  }

  /**
   * What a job wrote last; empty when it never did.
   *
   * @throws ModelException when the file cannot be read
   */
  public static Optional<RetrainStatus> read(Path models, String job) {
    Path file = file(models, job);
    try {
      return Optional.of(StoreJson.read(RegularFile.read(file, LONGEST), RetrainStatus.class));
    } catch (NoSuchFileException never) {
      return Optional.empty();
    } catch (JsonProcessingException e) {
      throw new ModelException("cannot use %s: %s".formatted(file, StoreJson.cause(e)), e);
    } catch (IOException e) {
      throw new ModelException("cannot read " + file + ": " + e, e);
    }
  }

  private static Path file(Path models, String job) {
    return JobStatus.folder(models)
        .resolve("retraining")
        .resolve(JobStatus.requireName(job) + ".json");
  }
}
