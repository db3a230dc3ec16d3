package io.tagstream.model.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.pages.Chart;
import io.tagstream.pages.Chart.Point;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class CurvesTest {
  private static final OptionalDouble NO_LEVEL = OptionalDouble.empty();

  @Test
  void eachMeasureIsAChartOverImageSteps() {
    List<Chart> charts = new Curves(Drawn.epochs(3), 10).charts(OptionalDouble.of(0.2));

    assertThat(charts)
        .extracting(Chart::title)
        .containsExactly(
            "Loss, mean of the epoch, nats",
            "Accuracy on held-out images, %",
            "Learning rate",
            "Images per second",
            "Waiting for images, % of the time");
    assertThat(charts.get(0).lines().get(0).points())
        .containsExactly(new Point(800, 1.6), new Point(1600, 0.8), new Point(2400, 1.6 / 3));
    assertThat(charts.get(1).lines())
        .extracting(Chart.Line::name)
        .containsExactly("top-1", "top-5");
    assertThat(charts.get(1).level()).contains(new Chart.Level("most frequent class", 20));
    assertThat(charts.get(4).lines().get(0).last()).isEqualTo(new Point(2400, 1.2));
  }

  @Test
  void whatWasNotMeasuredHasNoChart() {
    Epoch bare =
        new Epoch(
            10,
            0.5,
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty());

    assertThat(new Curves(List.of(bare), 10).charts(NO_LEVEL))
        .extracting(Chart::title)
        .containsExactly("Loss, mean of the epoch, nats");
    assertThat(new Curves(List.of(bare), 10).html(NO_LEVEL)).contains(">–</td>");
  }

  @Test
  void fiveClassesHaveNoTopFive() {
    assertThat(new Curves(Drawn.epochs(2), 5).charts(NO_LEVEL).get(1).lines()).hasSize(1);
    assertThat(new Curves(Drawn.epochs(2), 6).charts(NO_LEVEL).get(1).lines()).hasSize(2);
  }

  @Test
  void pointsStandWhereTheirNumbersAre() {
    List<Epoch> history =
        List.of(Drawn.epoch(1000, 2, 0.5), Drawn.epoch(2000, 1, 0.75), Drawn.epoch(4000, 0, 1));

    List<Chart> charts = new Curves(history, 2).charts(NO_LEVEL);

    // Image-steps 0 to 4000 are pixels 46 to 268, values 0 to the highest 164 up to 10.
    assertThat(charts.get(0).svg()).contains("d=\"M101.5 10.0L157.0 87.0L268.0 164.0\"");
    assertThat(charts.get(1).svg()).contains("d=\"M101.5 87.0L157.0 48.5L268.0 10.0\"");
  }

  @Test
  void oneEpochIsADotInsideAxes() {
    String html = new Curves(List.of(Drawn.epoch(1, 0, 0)), 2).html(OptionalDouble.of(0.5));

    assertThat(html).doesNotContain("NaN", "Infinity", "∞");
    assertThat(html.split("<circle", -1)).hasSize(1 + 5);
    assertThat(html).contains("d=\"M268.0 164.0\"");
  }

  @Test
  void valuesOfLinesThatEndTogetherAreWrittenApart() {
    List<Epoch> history =
        List.of(
            new Epoch(
                100,
                1,
                OptionalDouble.empty(),
                OptionalDouble.of(0.99),
                OptionalDouble.of(1),
                OptionalDouble.empty(),
                OptionalDouble.empty()));

    String svg = new Curves(history, 10).charts(NO_LEVEL).get(1).svg();

    assertThat(svg).contains("y=\"14.0\">top-5 100.0<", "y=\"28.0\">top-1 99.0<");
  }

  @Test
  void aLongHistoryIsThinnedToItsEnds() {
    List<Chart> charts = new Curves(Drawn.epochs(5000), 2).charts(NO_LEVEL);

    List<Point> points = charts.get(0).lines().get(0).points();
    assertThat(points).hasSize(Curves.MOST).doesNotHaveDuplicates();
    assertThat(points.get(0).x()).isEqualTo(800);
    assertThat(charts.get(0).lines().get(0).last().x()).isEqualTo(5000 * 800);
  }

  @Test
  void anEpochOfNoNumberIsRefused() {
    assertThatThrownBy(() -> Drawn.epoch(800, Double.NaN, 0.5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("image-step 800")
        .hasMessageContaining("NaN");
    assertThatThrownBy(() -> Drawn.epoch(800, 1, Double.POSITIVE_INFINITY))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
