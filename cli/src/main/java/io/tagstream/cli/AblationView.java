package io.tagstream.cli;

import io.tagstream.model.ablation.Ablation;
import io.tagstream.model.ablation.AblationRun;
import io.tagstream.model.ablation.Variant;
import io.tagstream.settings.Progress;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/** Shows the progress of an ablation: all its epochs in one bar. */
final class AblationView implements Ablation.Listener, AutoCloseable {
  private final Progress progress;
  private final BooleanSupplier interrupted;

  /**
   * @param err a command's standard error
   * @param interrupted cancels the ablation once it returns true
   */
  AblationView(PrintWriter err, long epochs, BooleanSupplier interrupted) {
    progress = Progress.start(err, "ablation", "epochs", OptionalLong.of(epochs));
    this.interrupted = interrupted;
  }

  @Override
  public void begins(Variant variant, long seed) {
    progress.message("%s, seed %d: %s".formatted(variant.name(), seed, variant.words()));
  }

  @Override
  public void epoch(int epoch, int of, double trainingError) {
    progress.advance(1);
  }

  @Override
  public void done(AblationRun run, boolean before) {
    if (before) {
      progress.skip(run.epochs());
    }
    progress.message(
        String.format(
            Locale.ROOT,
            "%s, seed %d, rate %s: training error %.1f %%, top-1 %.1f %%, %.0f s of steps%s",
            run.variant(),
            run.seed(),
            Variant.rateText(run.learningRate()),
            100 * run.lastError(),
            100 * run.top1(),
            run.seconds(),
            before ? ", from an earlier run" : ""));
  }

  @Override
  public boolean isCancelled() {
    return interrupted.getAsBoolean();
  }

  @Override
  public void close() {
    progress.close();
  }
}
