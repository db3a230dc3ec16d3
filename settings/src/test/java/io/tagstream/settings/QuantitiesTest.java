package io.tagstream.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantitiesTest {

  @ParameterizedTest
  @CsvSource({"50 ms,50", "5 s,5000", "10 min,600000", "24 h,86400000", "7 d,604800000", "0 ms,0"})
  void durationsAreReadAndWritten(String text, long millis) {
    assertThat(DurationText.parse(text)).isEqualTo(Duration.ofMillis(millis));
    assertThat(DurationText.parse(DurationText.format(Duration.ofMillis(millis))))
        .isEqualTo(Duration.ofMillis(millis));
  }

  @Test
  void theLargestUnitThatDividesIsWritten() {
    assertThat(DurationText.format(Duration.ofMillis(1500))).isEqualTo("1500 ms");
    assertThat(DurationText.format(Duration.ofSeconds(90))).isEqualTo("90 s");
    assertThat(DurationText.format(Duration.ofHours(36))).isEqualTo("36 h");
    assertThat(new DataSize(1536).toString()).isEqualTo("1536 B");
    assertThat(DataSize.ofMebibytes(2048).toString()).isEqualTo("2 GiB");
  }

  @Test
  void aBareNumberIsSecondsOnTheCommandLineOnly() {
    assertThat(new DurationText().convert("30")).isEqualTo(Duration.ofSeconds(30));
    assertThat(new DurationText().convert("30s")).isEqualTo(Duration.ofSeconds(30));
    assertThatThrownBy(() -> DurationText.parse("30")).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "-5 s", "5 sec", "1.5 s", "PT5S", "9999999999999 d"})
  void otherTextIsNoDuration(String text) {
    assertThatThrownBy(() -> DurationText.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("such as 50 ms");
  }

  @Test
  void sizesAreReadAndWritten() {
    assertThat(DataSize.parse("20 MiB").bytes()).isEqualTo(20_971_520);
    assertThat(DataSize.parse("20MiB")).isEqualTo(DataSize.ofMebibytes(20));
    assertThat(DataSize.parse("512 B").bytes()).isEqualTo(512);
    assertThat(DataSize.parse("3 TiB").bytes()).isEqualTo(3_298_534_883_328L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "20", "20 MB", "-1 B", "1.5 MiB", "99999999999999 TiB"})
  void otherTextIsNoSize(String text) {
    assertThatThrownBy(() -> DataSize.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
