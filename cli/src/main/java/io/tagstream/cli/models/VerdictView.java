package io.tagstream.cli.models;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tagstream.model.store.Verdict;
import io.tagstream.model.store.Verdict.ClassFinding;
import io.tagstream.model.store.Verdict.Scores;
import io.tagstream.settings.Printable;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Formats the gate's complete verdict as text and as JSON. */
record VerdictView(Verdict verdict) {
  private static final String ROW = "%-20s %8s %8s %8s %6s %6s %10s  %s%n";

  void print(PrintWriter out) {
    out.printf("verdict     %s: %s%n", verdict.outcome().word(), Printable.of(verdict.reason()));
    out.printf(
        "held out    %d images, %d more left out as duplicates of training images%n",
        verdict.heldOut(), verdict.leftOutAsDuplicates());
    if (verdict.heldOut() == 0) {
      return;
    }
    out.printf("candidate   %s%n", text(verdict.candidate()));
    verdict
        .incumbent()
        .ifPresent(
            incumbent -> {
              out.printf(
                  "incumbent   %s, %s%n",
                  text(incumbent.scores()), Printable.of(incumbent.version()));
              out.printf(
                  "sign test   b = %d right only by the incumbent, c = %d only by the candidate, p = %s%n",
                  verdict.b(), verdict.c(), text(verdict.p()));
            });
  }

  /** The findings for each class, and the confusion matrix without its zeros. */
  void printClasses(PrintWriter out) {
    out.printf("%n" + ROW, "class", "held out", "right", "before", "b", "c", "p", "");
    for (ClassFinding finding : verdict.classes()) {
      out.printf(
          ROW,
          Printable.of(finding.label()),
          finding.heldOut(),
          finding.candidateRight(),
          verdict.incumbent().isPresent() ? finding.incumbentRight() : "",
          finding.b(),
          finding.c(),
          text(finding.p()),
          finding.worse() ? "worse" : "");
    }
    out.printf("%n%-20s %s%n", "confusion: label", "predictions");
    verdict
        .confusion()
        .forEach(
            (label, predictions) ->
                out.printf(
                    "%-20s %s%n",
                    Printable.of(label),
                    predictions.entrySet().stream()
                        .sorted(
                            Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder()))
                        .map(
                            predicted ->
                                "%d %s"
                                    .formatted(
                                        predicted.getValue(), Printable.of(predicted.getKey())))
                        .collect(Collectors.joining(", "))));
  }

  /** Writes the fields of the verdict into the current object. */
  void write(JsonGenerator json) throws IOException {
    json.writeStringField("outcome", verdict.outcome().word());
    json.writeStringField("reason", verdict.reason());
    json.writeNumberField("heldOut", verdict.heldOut());
    json.writeNumberField("leftOutAsDuplicates", verdict.leftOutAsDuplicates());
    write(json, "candidate", verdict.candidate());
    json.writeStringField(
        "incumbentVersion", verdict.incumbent().map(Verdict.Incumbent::version).orElse(null));
    if (verdict.incumbent().isPresent()) {
      write(json, "incumbent", verdict.incumbent().get().scores());
    }
    json.writeNumberField("b", verdict.b());
    json.writeNumberField("c", verdict.c());
    json.writeNumberField("p", verdict.p());
    json.writeArrayFieldStart("classes");
    for (ClassFinding finding : verdict.classes()) {
      json.writeStartObject();
      json.writeStringField("label", finding.label());
      json.writeNumberField("heldOut", finding.heldOut());
      json.writeNumberField("candidateRight", finding.candidateRight());
      json.writeNumberField("incumbentRight", finding.incumbentRight());
      json.writeNumberField("b", finding.b());
      json.writeNumberField("c", finding.c());
      json.writeNumberField("p", finding.p());
      json.writeBooleanField("worse", finding.worse());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeObjectFieldStart("confusion");
    for (Map.Entry<String, Map<String, Integer>> row : verdict.confusion().entrySet()) {
      json.writeObjectFieldStart(row.getKey());
      for (Map.Entry<String, Integer> predicted : row.getValue().entrySet()) {
        json.writeNumberField(predicted.getKey(), predicted.getValue());
      }
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, String name, Scores scores) throws IOException {
    json.writeObjectFieldStart(name);
    json.writeNumberField("top1", scores.top1());
    json.writeNumberField("top5", scores.top5());
    json.writeEndObject();
  }

  private static String text(Scores scores) {
    return "top-1 %s, top-5 %s".formatted(Percent.text(scores.top1()), Percent.text(scores.top5()));
  }

  private static String text(double p) {
    return String.format(Locale.ROOT, p < 0.001 ? "%.1e" : "%.3f", p);
  }
}
