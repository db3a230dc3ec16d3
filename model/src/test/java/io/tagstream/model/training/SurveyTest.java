package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.ModelException;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.Survey.Surveyed;
import java.awt.Color;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
    assertThat(survey.skipped()).isEqualTo(1);
    assertThat(skipped).singleElement().asString().startsWith("2.png: ");

    Preprocessing preprocessing = survey.standardised(GEOMETRY);
    assertThat(preprocessing.scale()).isEqualTo(1 / 255.0);
    assertThat(preprocessing.mean().get(0)).isCloseTo(20 / 255.0, within(1e-9));
    assertThat(preprocessing.deviation().get(0)).isCloseTo(10 / 255.0, within(1e-9));
    assertThat(preprocessing.mean().get(1)).isCloseTo(150 / 255.0, within(1e-9));
    assertThat(preprocessing.deviation().get(1)).isCloseTo(50 / 255.0, within(1e-9));
    // One colour all over has no deviation, and must not be divided by it.
    assertThat(preprocessing.deviation().get(2)).isCloseTo(0.29 / 255, within(1e-9));
  }

  @Test
  void nothingReadableIsAnError() {
    Pictures.writeText(folder.resolve("a/2.png"));
    assertThatThrownBy(
            () -> Survey.of(FolderDataset.list(folder), GEOMETRY, 1, TrainingProgress.SILENT))
        .isInstanceOf(ModelException.class)
        .hasMessage("none of the 1 files in " + folder + " is an image that can be read");
  }

  @Test
  void holdsOutWhatTheEncodedBytesSay() throws Exception {
    for (int i = 0; i < 40; i++) {
      Pictures.write(
          folder.resolve((i % 2 == 0 ? "a/" : "b/") + i + ".png"),
          Pictures.filled(12, 12, new Color(i, 2 * i, 3 * i)));
    }
    Survey survey = Survey.of(FolderDataset.list(folder), GEOMETRY, 2, TrainingProgress.SILENT);
    Survey.Division division = survey.holdOutAFifth();
    assertThat(division.validation().images()).hasSizeBetween(2, 18);
    assertThat(division.training().images().size() + division.validation().images().size())
        .isEqualTo(40);
    for (Surveyed image : survey.images()) {
      byte[] bytes = image.image().content().read();
      BigInteger hash = new BigInteger(1, MessageDigest.getInstance("SHA-256").digest(bytes));
      assertThat(division.validation().images().contains(image))
          .as(image.image().id())
          .isEqualTo(hash.mod(BigInteger.valueOf(5)).signum() == 0);
    }
  }

  @Test
  void aboutAFifthIsHeldOut() {
    Survey survey = survey(2000, i -> sha(i));
    assertThat(survey.holdOutAFifth().validation().images()).hasSizeBetween(340, 460);
  }

  @Test
  void copiesAreOnOneSideAndSmallClassesOnBoth() {
    String heldOut = "%064x".formatted(5 * 77);
    String kept = "%064x".formatted(5 * 77 + 1);
    String keptToo = "%064x".formatted(5 * 77 + 3);
    assertThat(sides(heldOut, heldOut)).as("one picture twice").containsExactly("train", "train");
    assertThat(sides(kept)).containsExactly("train");
    assertThat(sides(kept, keptToo)).containsExactly("validate", "train");
    assertThat(sides(heldOut, "%064x".formatted(5 * 78))).containsExactly("train", "validate");
    assertThat(sides(kept, heldOut, kept)).containsExactly("train", "validate", "train");
  }

  @Test
  void theFingerprintIsOfPicturesAndClassesNotOfNames() {
    Survey survey = survey(3, i -> sha(i));
    Survey renamed =
        new Survey(
            survey.labels(),
            survey.images().stream()
                .map(i -> new Surveyed(labelled("other"), i.sha256(), i.sums(), i.squares()))
                .sorted(java.util.Comparator.comparing(Surveyed::sha256))
                .toList(),
            0);
    assertThat(renamed.fingerprint()).isEqualTo(survey.fingerprint()).hasSize(64);
    assertThat(survey(2, i -> sha(i)).fingerprint()).isNotEqualTo(survey.fingerprint());
  }

  private static List<String> sides(String... hashes) {
    Survey.Division division = survey(hashes.length, i -> hashes[i]).holdOutAFifth();
    return IntStream.range(0, hashes.length)
        .mapToObj(
            i ->
                division.validation().labelled().stream().anyMatch(v -> v.id().equals("a/" + i))
                    ? "validate"
                    : "train")
        .toList();
  }

  private static LabelledImage labelled(String id) {
    return new LabelledImage(id, Optional.empty(), 0, LabelledImage.Content.of(Path.of(id)));
  }

  private static Survey survey(int images, java.util.function.IntFunction<String> sha256) {
    return new Survey(
        List.of("a"),
        IntStream.range(0, images)
            .mapToObj(
                i ->
                    new Surveyed(
                        labelled("a/" + i),
                        sha256.apply(i),
                        List.of(0L, 0L, 0L),
                        List.of(0L, 0L, 0L)))
            .toList(),
        0);
  }

  private static String sha(int i) {
    try {
      return java.util.HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256")
                  .digest(Integer.toString(i).getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
