package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.training.ClassList.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ClassListTest {

  @Test
  void withoutAParentTheClassesAreTheImages() {
    ClassList list = of(Optional.empty(), 10, "tulips", 10, "roses", 9, "daisy", 30);
    assertThat(list.labels()).containsExactly("tulips", "daisy");
    assertThat(list.origin()).isEqualTo(Origin.IMAGES);
    assertThat(list.waiting()).containsExactly(new ClassSize("roses", 9, 0));
  }

  @Test
  void aParentsClassesKeepTheirPlacesAndNewOnesFollow() {
    Optional<List<String>> parent = Optional.of(List.of("tulips", "daisy"));
    ClassList grown = of(parent, 10, "daisy", 30, "roses", 10, "tulips", 2, "asters", 5);
    assertThat(grown.labels()).containsExactly("tulips", "daisy", "roses");
    assertThat(grown.origin()).isEqualTo(Origin.GROWN);
    assertThat(grown.waiting()).containsExactly(new ClassSize("asters", 5, 0));

    ClassList same = of(parent, 10, "daisy", 30, "tulips", 20);
    assertThat(same.labels()).containsExactly("tulips", "daisy");
    assertThat(same.origin()).isEqualTo(Origin.PARENT);
  }

  @Test
  void aParentsClassesAreKeptWhenThePicturesBringNoOthers() {
    Optional<List<String>> parent = Optional.of(List.of("tench", "daisy", "hen"));
    ClassList list = of(parent, 10, "daisy", 30, "tench", 0, "hen", 12);
    assertThat(list.labels()).containsExactly("tench", "daisy", "hen");
    assertThat(list.origin()).isEqualTo(Origin.PARENT);
    assertThat(list.lost()).isEmpty();

    ClassList oneWaits = of(parent, 10, "daisy", 30, "hen", 12, "asters", 9);
    assertThat(oneWaits.labels()).containsExactly("tench", "daisy", "hen");
    assertThat(oneWaits.waiting()).containsExactly(new ClassSize("asters", 9, 0));
  }

  @Test
  void aParentOfTheSamePicturesKeepsTheClassesWhosePicturesAreGone() {
    Optional<List<String>> parent = Optional.of(List.of("tench", "daisy", "hen"));
    ClassList list = of(parent, true, 10, "daisy", 30, "hen", 12, "asters", 10);
    assertThat(list.labels()).containsExactly("tench", "daisy", "hen", "asters");
    assertThat(list.origin()).isEqualTo(Origin.GROWN);
    assertThat(list.lost()).isEmpty();
  }

  @Test
  void aParentOfOtherPicturesAndClassesGivesNoClasses() {
    Optional<List<String>> parent = Optional.of(List.of("tench", "daisy", "hen", "cock"));
    ClassList list = of(parent, 10, "daisy", 30, "tench", 0, "asters", 10);
    assertThat(list.labels()).containsExactly("daisy", "asters");
    assertThat(list.origin()).isEqualTo(Origin.REPLACED);
    assertThat(list.origin()).hasToString("replaced");
    assertThat(list.lost()).containsExactly("tench", "hen", "cock");
  }

  private static ClassList of(Optional<List<String>> parent, int minPerClass, Object... counts) {
    return of(parent, false, minPerClass, counts);
  }

  private static ClassList of(
      Optional<List<String>> parent, boolean ofThese, int minPerClass, Object... counts) {
    List<ClassSize> sizes = new ArrayList<>();
    for (int i = 0; i < counts.length; i += 2) {
      sizes.add(new ClassSize((String) counts[i], (Integer) counts[i + 1], 0));
    }
    return ClassList.of(parent, ofThese, sizes, minPerClass, "the store");
  }
}
