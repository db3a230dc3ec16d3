package io.tagstream.model.ablation;

import io.tagstream.model.report.AblationReport.Cost;
import java.util.List;
import java.util.Optional;

/**
 * What an ablation found.
 *
 * @param runs all trainings, those at other rates too
 * @param relu figure 1's trainings with ReLU at its best rate, one a seed
 * @param tanh the same with tanh
 * @param differences one a comparison
 * @param costs one a network
 */
public record AblationFindings(
    List<AblationRun> runs,
    List<AblationRun> relu,
    List<AblationRun> tanh,
    List<Found> differences,
    List<Cost> costs) {

  /** A comparison and its outcome. */
  public record Found(Comparison comparison, double with, double without, Difference difference) {}

  public AblationFindings {
    runs = List.copyOf(runs);
    relu = List.copyOf(relu);
    tanh = List.copyOf(tanh);
    differences = List.copyOf(differences);
    costs = List.copyOf(costs);
  }

  /**
   * How many times as many epochs tanh needs to a training error of 25 %, both as the mean of their
   * seeds; at least so many where one of tanh's trainings never gets there, which counts with all
   * its epochs; empty where one of ReLU's does not.
   */
  public Optional<Double> epochRatio() {
    double slow =
        tanh.stream()
            .mapToInt(run -> run.epochsTo25().orElse(run.epochs()))
            .average()
            .orElseThrow();
    return meanEpochs(relu).map(quick -> slow / quick);
  }

  /** The mean over runs of their epochs to 25 %; empty when one never gets there. */
  public static Optional<Double> meanEpochs(List<AblationRun> runs) {
    if (runs.stream().anyMatch(run -> run.epochsTo25().isEmpty())) {
      return Optional.empty();
    }
    return Optional.of(
        runs.stream().mapToInt(run -> run.epochsTo25().orElseThrow()).average().orElseThrow());
  }
}
