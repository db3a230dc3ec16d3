package io.tagstream.model.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.report.AblationReport.Curve;
import io.tagstream.model.report.AblationReport.Difference;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AblationPageTest {
  @Test
  void aRowFarFromAllOthersIsCutOff() {
    assertThat(page(0.03, 0.04)).contains("−4.0 … 4.0 points");
    assertThat(page(0.03, 0.04, 0.5)).contains("−4.0 … 4.0 points").doesNotContain("1460.0");
    assertThat(page(0.5)).contains("−50.0 … 50.0 points");
  }

  @Test
  void differencesOfNothingHaveDrawings() {
    assertThat(page(0, 0)).contains("class=\"whisker\"").doesNotContain("NaN", "Infinity");
  }

  /** A page with intervals from zero to the differences. */
  private static String page(double... differences) {
    List<Difference> rows =
        DoubleStream.of(differences)
            .mapToObj(value -> new Difference("idea", "-", 0.5, 0.5, value, 0, value, false))
            .toList();
    return AblationPage.html(
        new AblationReport(
            Stream.of("ReLU", "tanh").map(name -> new Curve(name, List.of(0.8, 0.5))).toList(),
            "figure 1",
            rows,
            List.of(),
            List.of(),
            Map.of()));
  }
}
