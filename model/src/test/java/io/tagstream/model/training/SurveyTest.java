package io.tagstream.model.training;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.ModelException;
import io.tagstream.model.report.TrainingReport;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.Survey.Surveyed;
import java.awt.Color;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SurveyTest {
  private static final Preprocessing GEOMETRY =
      new Preprocessing(
          12,
          10,
          Preprocessing.ChannelOrder.RGB,
          1 / 255.0,
          List.of(0.0, 0.0, 0.0),
          List.of(1.0, 1.0, 1.0));

  @TempDir private Path folder;

  private static Surveyed surveyed(int classIndex, int number) {
    LabelledImage image =
        new LabelledImage(
            classIndex + "/" + number,
            Optional.empty(),
            classIndex,
            LabelledImage.Content.of(Path.of("unread")));
    return new Surveyed(image, "%04x".formatted(number), number, ColorSums.of(List.of()));
  }

  /** The same image under a name with another sort order. */
  private static Surveyed renamed(Surveyed one) {
    LabelledImage image = one.image();
    return new Surveyed(
        new LabelledImage(
            new StringBuilder(one.sha256()).reverse().toString(),
            image.group(),
            image.classIndex(),
            image.content()),
        one.sha256(),
        one.differenceHash(),
        one.colors());
  }

  @Test
  void someAreOfEachClassItsShareInWhateverOrderTheyCome() {
    List<Surveyed> images = new ArrayList<>();
    IntStream.range(0, 300).forEach(i -> images.add(surveyed(i % 3 == 0 ? 1 : 0, i)));
    List<String> labels = List.of("ant", "bee");
    Survey all = new Survey(labels, images, List.of());
    assertThat(all.atMost(300)).isSameAs(all);
    List<LabelledImage> some = all.atMost(60).labelled();
    assertThat(some).hasSize(60).doesNotHaveDuplicates();
    assertThat(some).filteredOn(image -> image.classIndex() == 1).hasSize(20);
    Collections.shuffle(images, new Random(1));
    assertThat(new Survey(labels, images, List.of()).atMost(60).labelled()).isEqualTo(some);
    List<Surveyed> renamed = images.stream().map(SurveyTest::renamed).toList();
    assertThat(new Survey(labels, renamed, List.of()).atMost(60).images())
        .extracting(Surveyed::sha256)
        .isEqualTo(all.atMost(60).images().stream().map(Surveyed::sha256).toList());
  }

  @Test
  void measuresColoursAndSkipsWhatIsNoImage() {
    Pictures.write(folder.resolve("a/1.png"), Pictures.filled(20, 12, new Color(10, 200, 50)));
    Pictures.write(folder.resolve("a/3.png"), Pictures.filled(12, 40, new Color(30, 100, 50)));
    Pictures.writeText(folder.resolve("a/2.png"));
    List<String> skipped = new ArrayList<>();
    Survey survey =
        Survey.of(
            FolderDataset.list(folder),
            GEOMETRY,
            2,
            new TrainingProgress() {
              @Override
              public void skipped(String place, String reason) {
                skipped.add(Path.of(place).getFileName() + ": " + reason);
              }
            });
    assertThat(survey.labelled())
        .extracting(LabelledImage::id)
        .containsExactly("a/1.png", "a/3.png");
    assertThat(survey.unreadable())
        .singleElement()
        .satisfies(file -> assertThat(file.reason()).isNotBlank());
    assertThat(skipped).singleElement().asString().startsWith("2.png: ");

    Preprocessing preprocessing = survey.preprocessing(GEOMETRY, InputScaling.STANDARDISED);
    assertThat(preprocessing.scale()).isEqualTo(1 / 255.0);
    assertThat(preprocessing.mean().get(0)).isCloseTo(20 / 255.0, within(1e-9));
    assertThat(preprocessing.deviation().get(0)).isCloseTo(10 / 255.0, within(1e-9));
    assertThat(preprocessing.mean().get(1)).isCloseTo(150 / 255.0, within(1e-9));
    assertThat(preprocessing.deviation().get(1)).isCloseTo(50 / 255.0, within(1e-9));
    // A uniform channel has no deviation to divide by.
    assertThat(preprocessing.deviation().get(2)).isCloseTo(0.29 / 255, within(1e-9));

    Preprocessing papers = survey.preprocessing(GEOMETRY, InputScaling.CENTRED);
    assertThat(papers.mean()).isEqualTo(preprocessing.mean());
    // (byte / 255 - mean) / deviation increases by one with the byte.
    assertThat(papers.deviation()).containsOnly(1 / 255.0);
  }

  @Test
  void nothingReadableIsAnError() {
    Pictures.writeText(folder.resolve("a/2.png"));
    assertThatThrownBy(
            () -> Survey.of(FolderDataset.list(folder), GEOMETRY, 1, TrainingProgress.SILENT))
        .isInstanceOf(ModelException.class)
        .hasMessage("none of the 1 files in " + folder + " is a readable image");
  }

  @Test
  void holdsOutWhatTheEncodedBytesSay() throws Exception {
    Pictures.various(folder, 60);
    Survey survey = Survey.of(FolderDataset.list(folder), GEOMETRY, 2, TrainingProgress.SILENT);
    Survey.Division division = survey.holdOutAFifth();
    assertThat(division.validation().images()).hasSizeBetween(4, 24);
    assertThat(division.training().images()).hasSize(60 - division.validation().images().size());
    assertThat(division.nearDuplicates()).isZero();
    for (Surveyed image : survey.images()) {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(image.image().content().read());
      assertThat(division.validation().images().contains(image))
          .as(image.image().id())
          .isEqualTo(new BigInteger(1, hash).mod(BigInteger.valueOf(5)).signum() == 0);
    }
  }

  /** No image changes sides when data are added: other images do not affect the split. */
  @Test
  void anImagesSideDependsOnNothingElse() {
    List<Surveyed> images =
        IntStream.range(0, 100).mapToObj(i -> surveyed(i % 7, i, pattern(i))).toList();
    Survey.Division all = survey(images).holdOutAFifth();
    for (int count = 1; count < 100; count++) {
      Survey.Division some = survey(images.subList(0, count)).holdOutAFifth();
      assertThat(all.training().images()).containsAll(some.training().images());
      assertThat(some.training().images().size() + some.validation().images().size())
          .isEqualTo(count);
      assertThat(all.validation().images()).containsAll(some.validation().images());
    }
  }

  @Test
  void aGroupIsOnOneSide() {
    for (int group = 0; group < 40; group++) {
      Optional<String> name = Optional.of("burst " + group);
      Survey.Division division =
          survey(
                  IntStream.range(0, 10)
                      .mapToObj(i -> surveyed(image("a/" + i, name, 0), i, ~0L << (6 * i)))
                      .toList())
              .holdOutAFifth();
      assertThat(
              List.of(division.training().images().size(), division.validation().images().size()))
          .containsExactlyInAnyOrder(0, 10);
    }
  }

  @Test
  void whatLooksLikeATrainingImageMeasuresNothing() {
    List<Surveyed> images = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      // Hashes that differ from each other in 16 bits or more.
      images.add(surveyed(0, i, pattern(i)));
    }
    Survey.Division before = survey(images).holdOutAFifth();
    Surveyed heldOut = before.validation().images().get(0);
    Surveyed other = before.validation().images().get(1);
    int trains = IntStream.range(100, 200).filter(i -> !heldOut(i)).findFirst().orElseThrow();
    images.add(surveyed(0, trains, heldOut.differenceHash() ^ 0b1000100010001L));
    images.add(surveyed(0, trains, other.differenceHash() ^ 0b10001000100010001L));
    Survey.Division after = survey(images).holdOutAFifth();
    assertThat(after.nearDuplicates()).isOne();
    assertThat(after.validation().images())
        .hasSize(before.validation().images().size() - 1)
        .contains(other)
        .doesNotContain(heldOut);
    assertThat(after.training().images()).hasSize(before.training().images().size() + 2);
  }

  @Test
  void classesAreCountedByDifferentImages() {
    int heldOut = IntStream.range(0, 100).filter(SurveyTest::heldOut).findFirst().orElseThrow();
    int trains = IntStream.range(0, 100).filter(i -> !heldOut(i)).findFirst().orElseThrow();
    Survey survey =
        new Survey(
            List.of("some", "none", "copies", "unlucky"),
            List.of(
                surveyed(0, trains, 0),
                surveyed(0, heldOut, 0),
                surveyed(2, trains, 0),
                surveyed(2, trains, 0),
                surveyed(3, heldOut, 0)),
            List.of());
    assertThat(survey.classSizes(true))
        .containsExactly(
            new ClassSize("some", 2, 1),
            new ClassSize("none", 0, 0),
            new ClassSize("copies", 1, 0),
            new ClassSize("unlucky", 1, 1));
    assertThat(survey.classSizes(true).stream().map(size -> size.isEnough(1)))
        .containsExactly(true, false, true, false);
    assertThat(survey.classSizes(true).stream().map(size -> size.isEnough(2)))
        .containsExactly(true, false, false, false);
    assertThat(survey.classSizes(false).get(3)).isEqualTo(new ClassSize("unlucky", 1, 0));
    assertThat(new ClassSize("rare", 3, 1).shortage(10))
        .isEqualTo("rare has 3 readable images and needs 10");
    assertThat(new ClassSize("unlucky", 1, 1).shortage(1))
        .isEqualTo("all 1 images of unlucky are held out, and it needs others to train on");
  }

  @Test
  void keepsTheClassesAskedForInTheirOrder() {
    Survey survey =
        new Survey(
            List.of("a", "b", "c"),
            List.of(surveyed(0, 1, 0), surveyed(1, 2, 0), surveyed(2, 3, 0)),
            List.of(new TrainingReport.Unreadable("a/notes.txt", "no image")));
    Survey some = survey.withLabels(List.of("c", "new", "a"));
    assertThat(some.labels()).containsExactly("c", "new", "a");
    assertThat(some.labelled()).extracting(LabelledImage::classIndex).containsExactly(2, 0);
    assertThat(some.unreadable()).isEqualTo(survey.unreadable());
  }

  @Test
  void theFingerprintIsOfPicturesAndClassesNotOfNames() {
    List<Surveyed> images = List.of(surveyed(0, 1, 0), surveyed(0, 2, 0), surveyed(0, 3, 0));
    Survey renamed =
        survey(
            List.of(
                surveyed(image("other", Optional.empty(), 0), 3, 0),
                surveyed(image("names", Optional.empty(), 0), 1, 0),
                surveyed(image("now", Optional.empty(), 0), 2, 0)));
    assertThat(renamed.fingerprint()).isEqualTo(survey(images).fingerprint()).hasSize(64);
    assertThat(survey(images.subList(0, 2)).fingerprint())
        .isNotEqualTo(survey(images).fingerprint());
    assertThat(
            survey(List.of(surveyed(1, 1, 0), surveyed(0, 2, 0), surveyed(0, 3, 0))).fingerprint())
        .isNotEqualTo(survey(images).fingerprint());
  }

  private static long pattern(int i) {
    return new Random(i).nextLong();
  }

  private static Survey survey(List<Surveyed> images) {
    return new Survey(List.of("a", "b", "c", "d", "e", "f", "g"), images, List.of());
  }

  private static LabelledImage image(String id, Optional<String> group, int classIndex) {
    return new LabelledImage(id, group, classIndex, LabelledImage.Content.of(Path.of(id)));
  }

  private static Surveyed surveyed(int classIndex, int number, long differenceHash) {
    return surveyed(image("a/" + number, Optional.empty(), classIndex), number, differenceHash);
  }

  /** A black image whose file is a number. */
  private static Surveyed surveyed(LabelledImage image, int number, long differenceHash) {
    return new Surveyed(
        image,
        HexFormat.of().formatHex(sha(number)),
        differenceHash,
        ColorSums.of(new byte[] {0, 0, 0}));
  }

  private static boolean heldOut(int number) {
    return Split.isHeldOut(Optional.empty(), sha(number));
  }

  private static byte[] sha(int number) {
    return Split.sha256(Integer.toString(number).getBytes(UTF_8));
  }
}
