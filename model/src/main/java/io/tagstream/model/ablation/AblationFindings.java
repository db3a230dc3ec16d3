package io.tagstream.model.ablation;

import io.tagstream.model.report.AblationReport.Cost;
import java.util.List;
import java.util.Optional;

/**
 * The results of an ablation.
 *
 * @param runs all trainings, including those at other learning rates
 * @param relu figure 1's trainings with ReLU at its best rate, one per seed
 * @param tanh the same with tanh
 * @param differences one per comparison
 * @param costs one per network
 */
public record AblationFindings(
    List<AblationRun> runs,
    List<AblationRun> relu,
    List<AblationRun> tanh,
    List<Found> differences,
    List<Cost> costs) {

  /** A comparison and its result; {@code with} and {@code without} are top-1 accuracies. */
  public record Found(Comparison comparison, double with, double without, Difference difference) {}

  public AblationFindings {
    runs = List.copyOf(runs);
    relu = List.copyOf(relu);
    tanh = List.copyOf(tanh);
    differences = List.copyOf(differences);
    costs = List.copyOf(costs);
  }

  /**
   * The number of epochs that tanh needs to a training error of 25 %, divided by ReLU's, both as
   * means over the seeds. A training with tanh that never reaches 25 % counts with all its epochs,
   * so the ratio is then a lower limit; empty if a training with ReLU never reaches it.
   */
  public Optional<Double> epochRatio() {
    double slow =
        tanh.stream()
            .mapToInt(run -> run.epochsTo25().orElse(run.epochs()))
            .average()
            .orElseThrow();
    return meanEpochs(relu).map(quick -> slow / quick);
  }

  /** The mean over runs of their epochs to 25 %; empty if one never reaches it. */
  public static Optional<Double> meanEpochs(List<AblationRun> runs) {
    if (runs.stream().anyMatch(run -> run.epochsTo25().isEmpty())) {
      return Optional.empty();
    }
    return Optional.of(
        runs.stream().mapToInt(run -> run.epochsTo25().orElseThrow()).average().orElseThrow());
  }
}
