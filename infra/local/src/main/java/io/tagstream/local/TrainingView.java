package io.tagstream.local;

import io.tagstream.model.training.ClassSize;
import io.tagstream.model.training.TrainingProgress;
import io.tagstream.settings.Printable;
import io.tagstream.settings.Progress;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/** Shows the progress of a training, with a bar for each phase. */
public final class TrainingView implements TrainingProgress, AutoCloseable {
  private static final String TRAINING = "training";

  /** The bar of one phase. */
  private static final class Phase implements AutoCloseable {
    private final String name;
    private final long total;
    private final Progress progress;
    private long done;

    Phase(PrintWriter err, String name, long total, long done) {
      this.name = name;
      this.total = total;
      this.done = done;
      this.progress = Progress.start(err, name, "images", OptionalLong.of(total));
      progress.skip(done);
    }

    void reach(long images) {
      progress.advance(images - done);
      done = images;
    }

    @Override
    public void close() {
      progress.close();
    }
  }

  private final PrintWriter err;
  private final boolean everyEpoch;
  private final BooleanSupplier interrupted;
  private Optional<Phase> phase = Optional.empty();
  private boolean resumed;

  /**
   * @param err a command's standard error
   * @param everyEpoch whether to print a line for each epoch
   * @param interrupted cancels the training once it returns true
   */
  public TrainingView(PrintWriter err, boolean everyEpoch, BooleanSupplier interrupted) {
    this.err = err;
    this.everyEpoch = everyEpoch;
    this.interrupted = interrupted;
  }

  @Override
  public void skipped(String place, String reason) {
    say("skipped %s: %s".formatted(place, reason));
  }

  @Override
  public void read(long images, long of) {
    reach("reading", images, of);
  }

  @Override
  public void start(int classes, int training, int validation, int skipped) {
    say(
        "%d classes; %d images for training, %d for measuring, %d skipped"
            .formatted(classes, training, validation, skipped));
  }

  @Override
  public void features(long images, long of, double imagesPerSecond, Duration remaining) {
    reach("features", images, of);
  }

  @Override
  public void waits(ClassSize size, String shortage) {
    say("class %s is not trained yet: %s".formatted(size.label(), shortage));
  }

  @Override
  public void loses(List<String> labels) {
    say(
        "%d classes of the parent are dropped, because it was trained on other images: %s"
            .formatted(labels.size(), String.join(", ", labels)));
  }

  @Override
  public boolean isCancelled() {
    return interrupted.getAsBoolean();
  }

  @Override
  public void run(String version, String recipe, int epoch, long stepsDone) {
    resumed = stepsDone > 0;
    say(
        stepsDone == 0
            ? "training %s by recipe %s".formatted(version, recipe)
            : "resuming at epoch %d of %s, after %d steps".formatted(epoch, version, stepsDone));
  }

  @Override
  public void step(Step done) {
    reach(TRAINING, done.imageSteps(), done.ofImageSteps());
  }

  @Override
  public void epoch(Epoch done) {
    if (everyEpoch) {
      say(done.line());
    }
  }

  @Override
  public void close() {
    phase.ifPresent(Phase::close);
    phase = Optional.empty();
  }

  private void reach(String name, long images, long total) {
    if (phase.isEmpty() || !phase.get().name.equals(name)) {
      begin(name, total, resumed && name.equals(TRAINING) ? images : 0);
    } else if (phase.get().total != total) {
      // A training that is short of time reduces its total; each measurement counts from zero.
      begin(name, total, Math.min(phase.get().done, images));
    }
    phase.get().reach(images);
  }

  private void begin(String name, long total, long done) {
    close();
    phase = Optional.of(new Phase(err, name, total, done));
  }

  private void say(String line) {
    if (phase.isPresent()) {
      phase.get().progress.message(line);
    } else {
      err.println(Printable.of(line));
      err.flush();
    }
  }
}
