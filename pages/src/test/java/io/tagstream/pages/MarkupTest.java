package io.tagstream.pages;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MarkupTest {
  @Test
  void markupIsShownNotObeyed() {
    assertThat(Markup.text("<script>\"it's\" & more</script>"))
        .isEqualTo("&lt;script&gt;&quot;it&#39;s&quot; &amp; more&lt;/script&gt;");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u0000", "\u0008", "\u001b", "\u0085", "\ud800", "\uffff", "\udc00"})
  void whatXmlCannotWriteIsReplaced(String character) {
    assertThat(Markup.text("a" + character + "b")).isEqualTo("a\ufffdb");
  }

  @Test
  void otherScriptsStayAsTheyAre() {
    assertThat(Markup.text("Gänseblümchen 雏菊 🌼\n")).isEqualTo("Gänseblümchen 雏菊 🌼\n");
  }

  @Test
  void theEndOfAVeryLongTextIsCutBetweenCharacters() {
    String flowers = "🌼".repeat(400);

    assertThat(Markup.text(flowers)).isEqualTo(flowers);
    assertThat(Markup.text(flowers + "🌼")).isEqualTo(flowers + "…");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0.5, 0.5",
    "0.4384, 0.438",
    "0.001, 0.001",
    "0.0003, 3×10⁻⁴",
    "2.62e-5, 2.62×10⁻⁵",
    "4e-12, 4×10⁻¹²",
    "1, 1",
    "12.34, 12.3",
    "100, 100",
    "48000, '48,000'"
  })
  void threeDigitsAreEnough(double number, String written) {
    assertThat(Markup.significant(number)).isEqualTo(written);
  }

  @ParameterizedTest
  @CsvSource({"4.25, 4.3 s", "59.96, 60.0 s", "1032, 17 min 12 s", "3725, 1 h 02 min"})
  void timeHasTwoUnitsAtMost(double seconds, String written) {
    assertThat(Markup.time(Duration.ofMillis(Math.round(1000 * seconds)))).isEqualTo(written);
  }

  @Test
  void numbersAreWrittenAlikeEverywhere() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      assertThat(Markup.count(48_000)).isEqualTo("48,000");
      assertThat(Markup.percent(0.804)).isEqualTo("80.4\u00a0%");
      assertThat(Markup.time(Duration.ofSeconds(61))).isEqualTo("1 min 01 s");
    } finally {
      Locale.setDefault(before);
    }
  }
}
