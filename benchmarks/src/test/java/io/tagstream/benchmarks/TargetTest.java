package io.tagstream.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.benchmarks.Target.Better;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class TargetTest {
  @Test
  void aLineSaysNameBothNumbersAndTheVerdict() {
    assertThat(new Target("speed", 1.8, Better.MORE, OptionalDouble.of(1.8), false).line())
        .isEqualTo("target speed wanted 1.800 measured 1.800 met");
    assertThat(new Target("speed", 1.8, Better.MORE, OptionalDouble.of(1.7994), false).line())
        .isEqualTo("target speed wanted 1.800 measured 1.799 missed");
    assertThat(new Target("wait", 4, Better.LESS, OptionalDouble.of(3.5), false).verdict())
        .isEqualTo("met");
    assertThat(new Target("wait", 4, Better.LESS, OptionalDouble.of(4.5), false).verdict())
        .isEqualTo("missed");
    assertThat(new Target("wait", 4, Better.LESS, OptionalDouble.empty(), false).line())
        .isEqualTo("target wait wanted 4.000 measured - full-run-only");
    assertThat(new Target("wait", 4, Better.LESS, OptionalDouble.empty(), true).line())
        .isEqualTo("target wait wanted 4.000 measured - missed");
  }

  @Test
  void aRunWithoutFiguresHasAllThirteenTargetsAndNoneMeasured() {
    assertThat(new Targets(new Results(), false).all())
        .hasSize(13)
        .allSatisfy(target -> assertThat(target.verdict()).isEqualTo("full-run-only"))
        .extracting(Target::name)
        .doesNotHaveDuplicates();
  }
}
