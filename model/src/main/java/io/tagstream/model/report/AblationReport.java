package io.tagstream.model.report;

import java.util.List;
import java.util.Map;

/**
 * The content of an ablation's page.
 *
 * @param curves the curves of figure 1
 * @param figure their result, in words
 * @param differences one per idea
 * @param kernels of the paper's network, by tower; empty if it was not trained
 * @param costs one per network
 * @param facts how the ablation was made, by name
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
   * The effect of an idea, in shares from 0 to 1.
   *
   * @param paper the effect that the paper reports
   * @param with top-1 accuracy with the idea
   * @param without top-1 accuracy without it
   * @param low the lower end of the difference's 95 % interval
   * @param high its upper end
   * @param isShown whether the interval excludes zero
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

    /** The conclusion, in words. */
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
   * @param secondsPerThousand seconds of training per thousand image-steps
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
