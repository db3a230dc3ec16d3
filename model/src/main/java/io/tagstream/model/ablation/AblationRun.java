package io.tagstream.model.ablation;

import io.tagstream.model.image.Views;
import io.tagstream.model.report.KernelPicture;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A completed training, as it is stored.
 *
 * @param variant the variant's name
 * @param learningRate the highest of its schedule
 * @param setting everything else that determines it, in words
 * @param trainError after each epoch, the share of training images that are predicted wrongly
 * @param epochsTo25 the first epoch after which that share was 0.25 or less
 * @param top1 the share of validation images that are predicted correctly from two views
 * @param right by the number of views, a 1 or a 0 for each validation image
 * @param seconds the time of its steps
 * @param kernels of the first layer, if they are shown
 */
public record AblationRun(
    String variant,
    long seed,
    double learningRate,
    String setting,
    List<Double> trainError,
    Optional<Integer> epochsTo25,
    double top1,
    Map<Integer, String> right,
    double seconds,
    List<KernelPicture> kernels) {
  /** The training error that figure 1 compares the epochs to. */
  static final double MARK = 0.25;

  public AblationRun {
    trainError = List.copyOf(trainError);
    right = Map.copyOf(right);
    // Jackson passes null if the JSON has no list.
    kernels = kernels == null ? List.of() : List.copyOf(kernels);
  }

  public int epochs() {
    return trainError.size();
  }

  /** The training error after the last epoch. */
  public double lastError() {
    return trainError.get(trainError.size() - 1);
  }

  static Optional<Integer> epochsTo25(List<Double> trainError) {
    for (int i = 0; i < trainError.size(); i++) {
      if (trainError.get(i) <= MARK) {
        return Optional.of(i + 1);
      }
    }
    return Optional.empty();
  }

  static String text(BitSet right, int imageCount) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < imageCount; i++) {
      text.append(right.get(i) ? '1' : '0');
    }
    return text.toString();
  }

  BitSet right(Views views) {
    String text = right.get(views.count());
    BitSet bits = new BitSet();
    for (int i = 0; i < text.length(); i++) {
      bits.set(i, text.charAt(i) == '1');
    }
    return bits;
  }
}
