package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.image.Views;
import io.tagstream.model.store.Preprocessing;
import java.awt.Color;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationTest {
  private static final Preprocessing PREPROCESSING =
      new Preprocessing(
          8, 6, Preprocessing.ChannelOrder.RGB, 1, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));

  @Test
  void countsTopOneTopFiveAndWhatIsTakenForWhat() {
    Evaluation.Tally tally = new Evaluation.Tally(List.of("a", "b", "c", "d", "e", "f"));
    tally.add(0, new float[] {0.9f, 0.1f, 0, 0, 0, 0});
    tally.add(0, new float[] {0.1f, 0.9f, 0, 0, 0, 0});
    tally.add(5, new float[] {0.3f, 0.2f, 0.2f, 0.1f, 0.1f, 0.1f});
    tally.add(4, new float[] {0.3f, 0.2f, 0.2f, 0.1f, 0.1f, 0.1f});
    // Equal probabilities: the lower class ranks first, so e is the fifth and f the sixth.
    Evaluation evaluation = tally.evaluation();
    assertThat(evaluation.images()).isEqualTo(4);
    assertThat(evaluation.top1()).isEqualTo(1 / 4.0);
    assertThat(evaluation.top5()).isEqualTo(3 / 4.0);
    assertThat(evaluation.confusion().get(0)).containsExactly(1, 1, 0, 0, 0, 0);
    assertThat(evaluation.confusion().get(5)).containsExactly(1, 0, 0, 0, 0, 0);
  }

  /** A classifier that measures how red a crop is, with a last batch that is not full. */
  @Test
  void asksForEveryReadableImageOnce(@TempDir Path folder) {
    for (int i = 0; i < 5; i++) {
      Pictures.write(
          folder.resolve("dark/%d.png".formatted(i)), Pictures.filled(9, 8, Color.BLACK));
      Pictures.write(folder.resolve("red/%d.png".formatted(i)), Pictures.filled(8, 9, Color.RED));
    }
    Pictures.write(folder.resolve("red/dark.png"), Pictures.filled(8, 9, Color.BLACK));
    Pictures.writeText(folder.resolve("dark/zzz.txt"));
    List<Integer> calls = new ArrayList<>();
    List<String> skipped = new ArrayList<>();
    Classifier classifier =
        (images, views) -> {
          assertThat(views).isEqualTo(2);
          assertThat(images).allSatisfy(image -> assertThat(image).hasSize(2 * 6 * 6 * 3));
          calls.add(images.size());
          return images.stream()
              .map(image -> new float[] {(image[0] & 0xff) / 255f, 0.5f})
              .toArray(float[][]::new);
        };
    Evaluation evaluation =
        new Evaluator(PREPROCESSING, Views.CENTER_AND_FLIP, 9, 2)
            .evaluate(
                classifier,
                FolderDataset.list(folder),
                List.of("red", "dark"),
                new TrainingProgress() {
                  @Override
                  public void skipped(String place, String reason) {
                    skipped.add(Path.of(place).getFileName().toString());
                  }
                });
    assertThat(calls).containsExactly(4, 4, 3);
    assertThat(skipped).containsExactly("zzz.txt");
    assertThat(evaluation.confusion()).containsExactly(List.of(5, 1), List.of(0, 5));
    assertThat(evaluation.top1()).isEqualTo(10 / 11.0);
  }
}
