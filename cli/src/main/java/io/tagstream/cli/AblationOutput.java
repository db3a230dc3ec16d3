package io.tagstream.cli;

import io.tagstream.cli.models.JsonLine;
import io.tagstream.model.ablation.AblationFindings;
import io.tagstream.model.ablation.AblationFindings.Found;
import io.tagstream.model.ablation.AblationPlan;
import io.tagstream.model.ablation.AblationRun;
import io.tagstream.model.ablation.Variant;
import io.tagstream.model.report.AblationReport;
import io.tagstream.model.store.Provenance;
import io.tagstream.model.training.ExperimentImages;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** Formats the results of an ablation as text, as JSON and for its page. */
record AblationOutput(AblationFindings findings, AblationPlan plan, ExperimentImages images) {

  /** The lines for a terminal. */
  List<String> text() {
    List<String> lines = new ArrayList<>(List.of(figure1(), ""));
    lines.add(
        format(
            "%-46s %6s %8s %11s %16s", "idea", "with", "without", "difference", "95 % interval"));
    for (Found found : findings.differences()) {
      AblationReport.Difference row = row(found);
      lines.add(
          format(
              "%-46s %5.1f%% %7.1f%% %+11.1f %+7.1f to %+5.1f  %s; the paper: %s",
              row.idea(),
              100 * row.with(),
              100 * row.without(),
              100 * row.value(),
              100 * row.low(),
              100 * row.high(),
              row.verdict(),
              row.paper()));
    }
    return lines;
  }

  /** One object for each training, then one for each difference. */
  List<String> json() {
    return Stream.concat(
            findings.runs().stream().map(AblationOutput::json),
            findings.differences().stream().map(AblationOutput::json))
        .toList();
  }

  private static String json(AblationRun run) {
    return JsonLine.of(
        object -> {
          object.writeStringField("variant", run.variant());
          object.writeNumberField("seed", run.seed());
          object.writeNumberField("learningRate", run.learningRate());
          object.writeNumberField("epochs", run.epochs());
          object.writeArrayFieldStart("trainError");
          for (double error : run.trainError()) {
            object.writeNumber(error);
          }
          object.writeEndArray();
          object.writeObjectField("epochsTo25", run.epochsTo25().orElse(null));
          object.writeNumberField("top1", run.top1());
          object.writeNumberField("seconds", run.seconds());
        });
  }

  private static String json(Found found) {
    return JsonLine.of(
        object -> {
          object.writeStringField("variant", found.comparison().with().name());
          object.writeStringField("against", found.comparison().without().name());
          object.writeNumberField("difference", found.difference().value());
          object.writeNumberField("low", found.difference().low());
          object.writeNumberField("high", found.difference().high());
        });
  }

  /** The content of the page. */
  AblationReport report() {
    return new AblationReport(
        List.of(curve("ReLU", findings.relu()), curve("tanh", findings.tanh())),
        figure1(),
        findings.differences().stream().map(AblationOutput::row).toList(),
        findings.runs().stream()
            .map(AblationRun::kernels)
            .filter(kernels -> !kernels.isEmpty())
            .findFirst()
            .orElse(List.of()),
        findings.costs(),
        facts());
  }

  /** The curve of the first seed. */
  private static AblationReport.Curve curve(String name, List<AblationRun> runs) {
    return new AblationReport.Curve(name, runs.get(0).trainError());
  }

  private static AblationReport.Difference row(Found found) {
    return new AblationReport.Difference(
        found.comparison().idea(),
        found.comparison().paper(),
        found.with(),
        found.without(),
        found.difference().value(),
        found.difference().low(),
        found.difference().high(),
        found.difference().isShown());
  }

  private Map<String, String> facts() {
    Provenance made = Provenance.made("", "", "");
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(
        "Images",
        "%d for training and %d for measuring, %d classes"
            .formatted(images.trainingCount(), images.validationCount(), images.labels().size()));
    facts.put("Width", format("%s of the paper's maps and units", plan.width()));
    facts.put(
        "Epochs",
        plan.table()
            ? "%d for the networks of figure 1, %d for the others"
                .formatted(plan.figureEpochs(), plan.tableEpochs())
            : Integer.toString(plan.figureEpochs()));
    facts.put("Seeds", Integer.toString(plan.seeds()));
    facts.put(
        "Total time of the steps",
        format("%.0f s", findings.runs().stream().mapToDouble(AblationRun::seconds).sum()));
    facts.put("Made", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    facts.put("Machine", "%s, %s".formatted(made.processor(), made.java()));
    return facts;
  }

  private String figure1() {
    boolean both = AblationFindings.meanEpochs(findings.tanh()).isPresent();
    String ratio = both ? ", %.1f times as many" : ", more than %.1f times as many";
    return "%s; %s%s. In the paper's figure 1 ReLU needs a sixth of tanh's epochs."
        .formatted(
            reached("ReLU", findings.relu()),
            reached("tanh", findings.tanh()),
            findings.epochRatio().map(times -> format(ratio, times)).orElse(""));
  }

  private static String reached(String name, List<AblationRun> runs) {
    String rate = Variant.rateText(runs.get(0).learningRate());
    return AblationFindings.meanEpochs(runs)
        .map(
            mean ->
                format(
                    "%s reaches 25 %% training error after %s epochs at rate %s",
                    name,
                    mean == Math.rint(mean) ? format("%.0f", mean) : format("%.1f", mean),
                    rate))
        .orElseGet(
            () ->
                format(
                    "%s does not reach 25 %% training error in %d epochs at rate %s",
                    name, runs.get(0).epochs(), rate));
  }

  private static String format(String text, Object... values) {
    return String.format(Locale.ROOT, text, values);
  }
}
