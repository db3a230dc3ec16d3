package io.tagstream.model.report;

import java.util.List;
import java.util.Map;

/**
 * What a page about an ablation shows.
 *
 * @param curves figure 1's
 * @param figure what they say, in words
 * @param differences one an idea
 * @param kernels of the paper's network, by tower; none where it was not trained
 * @param costs one a network
 * @param facts how it was made, by name
 */
public record AblationReport(
    List<Curve> curves,
    String figure,
    List<Difference> differences,
    List<KernelPicture> kernels,
    List<Cost> costs,
    Map<String, String> facts) {

  /**
   * Training error against epochs.
   *
   * @param errors after each epoch, 0 to 1
   */
  public record Curve(String name, List<Double> errors) {
    public Curve {
      errors = List.copyOf(errors);
    }
  }

  /**
   * What an idea brings, in shares from 0 to 1.
   *
   * @param paper what the paper reports of it
   * @param with top-1 with it
   * @param without top-1 without it
   * @param low the end of the difference's 95 % interval
   * @param high its other end
   * @param isShown whether the interval leaves out zero
   */
  public record Difference(
      String idea,
      String paper,
      double with,
      double without,
      double value,
      double low,
      double high,
      boolean isShown) {

    /** What may be said of it. */
    public String verdict() {
      if (!isShown) {
        return "not shown by this data";
      }
      return low > 0 ? "helps" : "harms";
    }
  }

  /**
   * A network's cost.
   *
   * @param secondsPerThousand of training, for a thousand image-steps
   */
  public record Cost(
      String name, String words, long parameters, long multiplyAdds, double secondsPerThousand) {}

  public AblationReport {
    curves = List.copyOf(curves);
    differences = List.copyOf(differences);
    kernels = List.copyOf(kernels);
    costs = List.copyOf(costs);
  }
}
