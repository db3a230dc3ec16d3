package io.tagstream.model.training;

import io.tagstream.model.report.Epoch;
import io.tagstream.model.report.LabelledPrediction;
import io.tagstream.model.report.ReportPage;
import io.tagstream.model.report.TrainingReport;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.Provenance;
import io.tagstream.model.store.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Makes the report page of a training, which is stored in its bundle. */
final class TrainingPage {
  /**
   * Above this number, training images are not searched for wrong labels; it would take too long.
   */
  private static final int MOST_TRAINING_IMAGES = 2000;

  private TrainingPage() {}

  /**
   * Renders the page.
   *
   * @param started when this process began the training
   * @param predictions the predictions for the held-out images
   */
  static String html(
      String version,
      Instant started,
      Preparation preparation,
      TrainingRun run,
      TrainingHistory history,
      ModelDraft draft,
      List<LabelledPrediction> predictions,
      Optional<Verdict> verdict) {
    Provenance provenance = draft.provenance();
    Map<String, Integer> waiting = new LinkedHashMap<>();
    preparation.classes().waiting().forEach(size -> waiting.put(size.label(), size.images()));
    return ReportPage.html(
        new TrainingReport(
            version,
            draft.parent(),
            new TrainingReport.Run(
                provenance.recipe().orElseThrow(),
                provenance.hyperParameters(),
                provenance.data().orElseThrow(),
                run.training().size(),
                started,
                Duration.between(started, Instant.now()),
                "%s; %s; %s"
                    .formatted(provenance.processor(), provenance.java(), provenance.library()),
                new TrainingReport.LeftOut(
                    preparation.unreadable(), waiting, preparation.nearDuplicates())),
            draft.labels(),
            history.epochs().stream().map(TrainingPage::epoch).toList(),
            predictions,
            EvaluatedPredictions.of(
                    draft.weights(),
                    draft.preprocessing(),
                    EvenSample.of(run.training(), MOST_TRAINING_IMAGES),
                    draft.labels(),
                    run.resources().threads(),
                    run.progress())
                .each(),
            verdict,
            draft.weights(),
            draft.preprocessing()));
  }

  private static Epoch epoch(TrainingHistory.Epoch epoch) {
    return new Epoch(
        epoch.imageSteps(),
        epoch.loss(),
        OptionalDouble.of(epoch.learningRate()),
        score(epoch.heldOut().map(TrainingHistory.Score::top1)),
        score(epoch.heldOut().map(TrainingHistory.Score::top5)),
        OptionalDouble.of(epoch.imagesPerSecond()),
        OptionalDouble.of(epoch.waiting()));
  }

  private static OptionalDouble score(Optional<Double> score) {
    return score.map(OptionalDouble::of).orElse(OptionalDouble.empty());
  }
}
