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
 * The state of a job's retraining, {@code MODELS/status/retraining/JOB.json}. The retrain operator
 * replaces the file every few seconds, and other processes can show it.
 *
 * @param at when it was written; if it is old, the job does not run
 * @param newLabels labels that no run has used
 * @param neededLabels new labels that start a run when no more arrive
 * @param rows rows of the training store
 * @param heldOut held-out images
 * @param neededHeldOut held-out images without which no run starts
 * @param waiting new classes that have too few images to be trained, each with the number it has
 *     and needs
 * @param requests requests for a run that no run has served
 * @param labelsWaiting labels that wait for their image; empty in files written before they were
 *     counted
 * @param damage how the live version is damaged, and the remedy: no run starts from it
 * @param run the run in progress
 * @param last the last run that ended since the job started
 * @param accuracy live accuracy by version, of the versions that served last
 * @param stopped when the retraining stopped with its job; empty while it is active
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
   * A run in progress.
   *
   * @param attempt from 1; during a pause, the next attempt
   * @param progress empty before the first step
   * @param pause set between two attempts
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
   * A pause before the next attempt.
   *
   * @param until when the run continues
   */
  public record Pause(Instant until, String reason) {
    public Pause {
      Objects.requireNonNull(until);
      Objects.requireNonNull(reason);
    }
  }

  /**
   * The progress of a run.
   *
   * @param epoch from 1
   * @param step images processed so far, counted in each epoch
   * @param steps images to process in total
   * @param loss the last batch's mean cross entropy
   * @param waiting the share of time that training steps waited for images, 0 to 1
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
   * A version's predictions on labelled images of the stream.
   *
   * @param recentLabels the most recent of them
   */
  public record Accuracy(long labels, long right, int recentLabels, int recentRight) {}

  public RetrainStatus {
    Objects.requireNonNull(at);
    Objects.requireNonNull(labelsWaiting);
    Objects.requireNonNull(damage);
    Objects.requireNonNull(run);
    Objects.requireNonNull(last);
    Objects.requireNonNull(stopped);
    // Jackson passes null for an empty list, which is omitted from the file.
    waiting = waiting == null ? List.of() : List.copyOf(waiting);
    accuracy = accuracy == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(accuracy));
  }

  /**
   * Replaces the job's previous status. *
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
   * Reads a job's status; empty if there is none.
   *
   * @throws ModelException if the file cannot be read
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
