package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ClassNamesTest {

  @Test
  void aLabelThatDiffersOnlyInCaseJoinsTheClassThatExists() {
    ClassNames classes = new ClassNames(List.of("roses", "Éclair"));
    assertThat(classes.indexOf("ROSES")).isZero();
    assertThat(classes.indexOf("éclair")).isOne();
    assertThat(classes.indexOf("Tulips")).isEqualTo(2);
    assertThat(classes.indexOf("tulips")).isEqualTo(2);
    assertThat(classes.indexOf("rose")).isEqualTo(3);
    assertThat(classes.labels()).containsExactly("roses", "Éclair", "Tulips", "rose");
    assertThat(classes.find("TULIPS")).isEqualTo(OptionalInt.of(2));
    assertThat(classes.find("daisy")).isEmpty();
  }

  /** Imported models have two such classes, a bird and a machine. */
  @Test
  void knownClassesThatDifferOnlyInCaseStayApart() {
    ClassNames classes = new ClassNames(List.of("crane", "Crane", "crane"));
    assertThat(classes.indexOf("crane")).isZero();
    assertThat(classes.indexOf("Crane")).isOne();
    assertThat(classes.indexOf("CRANE")).isZero();
    assertThat(classes.labels()).containsExactly("crane", "Crane", "crane");
  }

  @Test
  void aDataSetJoinsClassesAndAddsItsOwn() {
    Dataset dataset =
        new Dataset("here", List.of("Roses", "daisy"), List.of(image(0), image(1), image(0)));
    Dataset joined = dataset.joining(List.of("tulips", "roses"));
    assertThat(joined.labels()).containsExactly("tulips", "roses", "daisy");
    assertThat(joined.images()).extracting(LabelledImage::classIndex).containsExactly(1, 2, 1);
    assertThat(dataset.withLabels(List.of("daisy", "x", "roses")).images())
        .extracting(LabelledImage::classIndex)
        .containsExactly(2, 0, 2);
  }

  private static LabelledImage image(int classIndex) {
    return new LabelledImage(
        "id", Optional.empty(), classIndex, LabelledImage.Content.of(Path.of("id")));
  }
}
