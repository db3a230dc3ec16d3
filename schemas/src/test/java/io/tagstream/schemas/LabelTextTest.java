package io.tagstream.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabelTextTest {

  @Test
  void equalLabelsBecomeEqualStrings() {
    // é as one character, and as e with an accent after it.
    assertThat(LabelText.normalize(" caf\u00e9\t")).isEqualTo("caf\u00e9");
    assertThat(LabelText.normalize("cafe\u0301")).isEqualTo("caf\u00e9");
    assertThat(LabelText.normalize("two words 🌷")).isEqualTo("two words 🌷");
  }

  @Test
  void aLabelHasAtMost256Characters() {
    assertThat(LabelText.normalize("x".repeat(256))).hasSize(256);
    assertThatThrownBy(() -> LabelText.normalize("x".repeat(257)))
        .hasMessage("the label has 257 characters, at most 256 are allowed");
  }

  /** The normalizer took minutes to sort the marks on one letter. */
  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void tooManyMarksAreRefusedBeforeTheyAreNormalised() {
    String label = "a" + "\u0300\u0316".repeat(500_000);
    assertThatThrownBy(() -> LabelText.normalize(label))
        .hasMessage("the label has 1000001 characters, at most 256 are allowed");
  }

  /** Words of some scripts contain zero-width joiners and direction marks. */
  @ParameterizedTest
  @ValueSource(strings = {"می\u200cخواهم", "שלום\u200f!", "👨\u200d👩\u200d👧"})
  void wordsOfEveryScriptAreLabels(String text) {
    assertThat(LabelText.normalize(text)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t\n", "\u2003"})
  void anEmptyLabelIsNone(String text) {
    assertThatThrownBy(() -> LabelText.normalize(text)).hasMessage("the label is empty");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a\nb",
        "a\u0000b",
        "a\u001b[2Jb",
        "a\u0085b",
        "a\u2028b",
        "a\ud800b",
        "a\u009b2Jb",
        "a\u202egpj.exe",
        "a\u2066b"
      })
  void controlCharactersAreNamed(String text) {
    assertThatThrownBy(() -> LabelText.normalize(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the label holds the control character U+%04X", text.codePointAt(1));
  }
}
