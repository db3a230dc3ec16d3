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

/** Shows a training on a terminal or in lines: a bar for each of its parts. */
public final class TrainingView implements TrainingProgress, AutoCloseable {
  private static final String TRAINING = "training";

  /** One bar, and how much of it is drawn. */
  private static final class Part implements AutoCloseable {
    private final String name;
    private final long total;
    private final Progress progress;
    private long done;

    Part(PrintWriter err, String name, long total, long done) {
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
  private Optional<Part> part = Optional.empty();
  private boolean goesOn;

  /**
   * @param err a command's standard error
   * @param everyEpoch whether each epoch gets a line of its own
   * @param interrupted ends the training once it is true
   */
  public TrainingView(PrintWriter err, boolean everyEpoch, BooleanSupplier interrupted) {
    this.err = err;
    this.everyEpoch = everyEpoch;
    this.interrupted = interrupted;
  }

  @Override
  public void skipped(String place, String reason) {
    say("left out %s: %s".formatted(place, reason));
  }

  @Override
  public void read(long images, long of) {
    reach("reading", images, of);
  }

  @Override
  public void start(int classes, int training, int validation, int skipped) {
    say(
        "%d classes; %d images to learn from, %d to measure with, %d left out"
            .formatted(classes, training, validation, skipped));
  }

  @Override
  public void features(long images, long of, double imagesPerSecond, Duration remaining) {
    reach("features", images, of);
  }

  @Override
  public void waits(ClassSize size, String shortage) {
    say("class %s waits: %s".formatted(size.label(), shortage));
  }

  @Override
  public void loses(List<String> labels) {
    say(
        "%d classes of the parent are lost, which learned from other pictures: %s"
            .formatted(labels.size(), String.join(", ", labels)));
  }

  @Override
  public boolean isCancelled() {
    return interrupted.getAsBoolean();
  }

  @Override
  public void run(String version, String recipe, int epoch, long stepsDone) {
    goesOn = stepsDone > 0;
    say(
        stepsDone == 0
            ? "training %s by recipe %s".formatted(version, recipe)
            : "going on from epoch %d of %s, after %d steps".formatted(epoch, version, stepsDone));
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
    part.ifPresent(Part::close);
    part = Optional.empty();
  }

  private void reach(String name, long images, long total) {
    if (part.isEmpty() || !part.get().name.equals(name)) {
      begin(name, total, goesOn && name.equals(TRAINING) ? images : 0);
    } else if (part.get().total != total) {
      // A training's time is cut in its middle; the images to measure with are counted afresh.
      begin(name, total, Math.min(part.get().done, images));
    }
    part.get().reach(images);
  }

  private void begin(String name, long total, long done) {
    close();
    part = Optional.of(new Part(err, name, total, done));
  }

  private void say(String line) {
    if (part.isPresent()) {
      part.get().progress.message(line);
    } else {
      err.println(Printable.of(line));
      err.flush();
    }
  }
}
