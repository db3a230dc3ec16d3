package io.tagstream.model.ablation;

import io.tagstream.model.image.Views;
import io.tagstream.model.report.KernelPicture;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A training that is done, as it is kept.
 *
 * @param variant the variant's name
 * @param learningRate the highest
 * @param setting all else that decides it, in words
 * @param trainError after each epoch, the share of the pictures it learns from that it answers
 *     wrongly
 * @param epochsTo25 after how many epochs that was 0.25 or less for the first time
 * @param top1 the share of the pictures to measure with that it answers rightly on two views
 * @param right by the number of views, a 1 or a 0 for each picture to measure with
 * @param seconds its steps took
 * @param kernels of the first layer, where they are to be shown
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
  /** The training error whose epoch figure 1 compares. */
  static final double MARK = 0.25;

  public AblationRun {
    trainError = List.copyOf(trainError);
    right = Map.copyOf(right);
    // Null is what JSON without the list gives.
    kernels = kernels == null ? List.of() : List.copyOf(kernels);
  }

  /** The epochs it had. */
  public int epochs() {
    return trainError.size();
  }

  /** After its last epoch. */
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

  static String text(BitSet right, int pictures) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < pictures; i++) {
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
