package io.tagstream.model.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.store.Verdict;
import io.tagstream.model.store.Verdict.Outcome;
import io.tagstream.model.training.Gate.Incumbent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GateTest {
  private static final List<String> LABELS = List.of("ant", "bee");

  private final List<PairedPrediction> predictions = new ArrayList<>();

  private static Gate gate(long before, long images) {
    return new Gate(
        Optional.of(new Incumbent("v1", LABELS, Optional.of(before))), LABELS, images, 1);
  }

  /** Adds images of a class, by which versions predict them correctly. */
  private GateTest add(String label, int both, int onlyIncumbent, int onlyCandidate, int none) {
    String other = label.equals("ant") ? "bee" : "ant";
    List<String> right = List.of(label, other);
    List<String> wrong = List.of(other, label);
    predictions.addAll(Collections.nCopies(both, new PairedPrediction(label, right, right)));
    predictions.addAll(
        Collections.nCopies(onlyIncumbent, new PairedPrediction(label, right, wrong)));
    predictions.addAll(
        Collections.nCopies(onlyCandidate, new PairedPrediction(label, wrong, right)));
    predictions.addAll(Collections.nCopies(none, new PairedPrediction(label, wrong, wrong)));
    return this;
  }

  private Verdict judge() {
    return gate(100, 100).judge(predictions, 0);
  }

  @Test
  void oneThatIsRightMoreOftenIsPromoted() {
    add("ant", 15, 2, 3, 5).add("bee", 15, 1, 4, 5);
    Verdict verdict = judge();
    assertThat(verdict.outcome()).isEqualTo(Outcome.PROMOTED);
    assertThat(verdict.reason())
        .isEqualTo("better on 50 held-out images: 3 right only by v1, 7 only by the candidate");
    assertThat(verdict.b()).isEqualTo(3);
    assertThat(verdict.c()).isEqualTo(7);
    assertThat(verdict.p()).isEqualTo(0.9453125, within(1e-12));
    assertThat(verdict.incumbent().orElseThrow())
        .isEqualTo(new Verdict.Incumbent("v1", new Verdict.Scores(33 / 50.0, 1)));
    assertThat(verdict.candidate()).isEqualTo(new Verdict.Scores(37 / 50.0, 1));
    assertThat(verdict.heldOut()).isEqualTo(50);
    assertThat(verdict.confusion())
        .isEqualTo(Map.of("ant", Map.of("ant", 18, "bee", 7), "bee", Map.of("ant", 6, "bee", 19)));
    assertThat(verdict.classes())
        .extracting(
            Verdict.ClassFinding::label,
            Verdict.ClassFinding::heldOut,
            Verdict.ClassFinding::incumbentRight,
            Verdict.ClassFinding::candidateRight)
        .containsExactly(tuple("ant", 25, 17, 18), tuple("bee", 25, 16, 19));
  }

  /** 31 of 50 is p = 0.0595, 32 of 50 is p = 0.0325 (as in {@link BinomialTest}). */
  @Test
  void oneThatIsWorseIsRejectedFromTheLevelOn() {
    add("ant", 50, 16, 9, 0).add("bee", 50, 15, 10, 0);
    assertThat(judge().outcome()).isEqualTo(Outcome.NO_GAIN);
    predictions.clear();
    add("ant", 50, 16, 9, 0).add("bee", 50, 16, 9, 0);
    Verdict verdict = judge();
    assertThat(verdict.outcome()).isEqualTo(Outcome.REJECTED);
    assertThat(verdict.p()).isEqualTo(0.03245432353613609, within(1e-12));
    assertThat(verdict.reason())
        .isEqualTo(
            "worse on 150 held-out images: 32 right only by v1, 18 only by the candidate, p = 0.032");
  }

  /** 6 to 0 is p = 0.0156, 5 to 0 is 0.031; two classes share 0.05. */
  @Test
  void oneThatIsWorseInOneClassIsRejectedThoughBetterInAll() {
    add("ant", 14, 5, 0, 1).add("bee", 10, 0, 8, 2);
    assertThat(judge().outcome()).isEqualTo(Outcome.PROMOTED);
    predictions.clear();
    add("ant", 14, 6, 0, 0).add("bee", 10, 0, 8, 2);
    Verdict verdict = judge();
    assertThat(verdict.outcome()).isEqualTo(Outcome.REJECTED);
    assertThat(verdict.reason())
        .isEqualTo(
            "worse in ant (20 held-out images: 6 right only by v1, 0 only by the candidate, p = 0.016)");
    assertThat(verdict.classes())
        .extracting(Verdict.ClassFinding::worse)
        .containsExactly(true, false);
    predictions.clear();
    add("ant", 13, 6, 0, 0).add("bee", 10, 0, 8, 2);
    assertThat(judge().outcome()).as("19 images are too few").isEqualTo(Outcome.PROMOTED);
  }

  @Test
  void oneThatAlwaysSaysTheSameIsRejected() {
    add("ant", 10, 0, 2, 0).add("bee", 0, 0, 0, 10);
    Verdict verdict = judge();
    assertThat(verdict.outcome()).isEqualTo(Outcome.REJECTED);
    assertThat(verdict.reason())
        .isEqualTo("right on 12 of 22 held-out images, no better than always predicting ant (12)");
    predictions.clear();
    add("ant", 10, 0, 2, 0).add("bee", 1, 0, 0, 9);
    assertThat(judge().outcome()).isEqualTo(Outcome.PROMOTED);
  }

  @Test
  void withoutAGainTheIncumbentStays() {
    add("ant", 20, 2, 2, 0).add("bee", 20, 1, 1, 0);
    Verdict verdict = judge();
    assertThat(verdict.outcome()).isEqualTo(Outcome.NO_GAIN);
    assertThat(verdict.outcome().word()).isEqualTo("no gain");
    assertThat(verdict.reason())
        .isEqualTo("no gain on 46 held-out images: 3 right only by v1, 3 only by the candidate");
  }

  @Test
  void oneOfAFifthMoreImagesIsPromotedWhenNoWorse() {
    add("ant", 20, 2, 2, 0).add("bee", 20, 1, 1, 0);
    assertThat(gate(1000, 1199).judge(predictions, 0).outcome()).isEqualTo(Outcome.NO_GAIN);
    Verdict verdict = gate(1000, 1200).judge(predictions, 0);
    assertThat(verdict.outcome()).isEqualTo(Outcome.PROMOTED);
    assertThat(verdict.reason()).startsWith("trained on 1200 images instead of 1000; no worse on");
    Gate unknown =
        new Gate(Optional.of(new Incumbent("v1", LABELS, Optional.empty())), LABELS, 9, 1);
    assertThat(unknown.judge(predictions, 0).outcome()).isEqualTo(Outcome.NO_GAIN);
  }

  @Test
  void oneThatKnowsANewClassIsPromotedWhenNoWorse() {
    List<String> three = List.of("ant", "bee", "cat");
    Gate gate = new Gate(Optional.of(new Incumbent("v1", LABELS, Optional.of(9L))), three, 9, 1);
    add("ant", 20, 3, 2, 0).add("bee", 20, 1, 1, 0);
    Verdict verdict = gate.judge(predictions, 0);
    assertThat(verdict.outcome()).isEqualTo(Outcome.PROMOTED);
    assertThat(verdict.reason()).startsWith("new: cat; no worse on 47 held-out images");
    assertThat(verdict.classes()).hasSize(2);
  }

  @Test
  void tooFewImagesDecideNothing() {
    Gate gate = new Gate(Optional.of(new Incumbent("v1", LABELS, Optional.of(1L))), LABELS, 9, 25);
    Verdict none = gate.judge(predictions, 31);
    assertThat(none.outcome()).isEqualTo(Outcome.NO_GAIN);
    assertThat(none.reason())
        .isEqualTo(
            "only 0 held-out images are left besides 31 duplicates of training images: too few to judge, 25 are needed");
    assertThat(none.candidate()).isEqualTo(new Verdict.Scores(0, 0));
    assertThat(none.incumbent().orElseThrow())
        .isEqualTo(new Verdict.Incumbent("v1", new Verdict.Scores(0, 0)));
    assertThat(none.p()).isEqualTo(1);
    assertThat(none.leftOutAsDuplicates()).isEqualTo(31);

    add("ant", 2, 0, 10, 0).add("bee", 2, 0, 10, 0);
    assertThat(gate.judge(predictions, 7).outcome()).as("24 images").isEqualTo(Outcome.NO_GAIN);
    add("bee", 1, 0, 0, 0);
    assertThat(gate.judge(predictions, 7).outcome()).as("25 images").isEqualTo(Outcome.PROMOTED);
  }

  @Test
  void theClassesThatAreLostAreNamed() {
    List<String> before = new ArrayList<>(List.of("cat", "ant", "dog", "bee"));
    add("ant", 20, 2, 3, 0).add("bee", 20, 1, 4, 0);
    assertThat(of(before).reason()).startsWith("better on").endsWith("; lost: cat, dog");
    for (int i = 0; i < 30; i++) {
      before.add("breed " + i);
    }
    assertThat(of(before).reason()).endsWith(", breed 17 and 12 more");
    predictions.clear();
    add("ant", 20, 9, 0, 0);
    assertThat(of(before).outcome()).isEqualTo(Outcome.REJECTED);
    assertThat(of(before).reason()).contains("; lost: cat, dog, ");
  }

  private Verdict of(List<String> before) {
    return new Gate(Optional.of(new Incumbent("v1", before, Optional.empty())), LABELS, 9, 1)
        .judge(predictions, 0);
  }

  /** The incumbent is always wrong on a class that it lacks. */
  @Test
  void imagesOfANewClassCountForTheCandidate() {
    List<String> three = List.of("ant", "bee", "cat");
    Gate gate = new Gate(Optional.of(new Incumbent("v1", LABELS, Optional.of(9L))), three, 9, 1);
    add("ant", 20, 3, 0, 0).add("bee", 20, 0, 0, 0);
    predictions.addAll(
        Collections.nCopies(
            5, new PairedPrediction("cat", List.of("ant", "bee"), List.of("cat", "ant"))));
    Verdict verdict = gate.judge(predictions, 0);
    assertThat(verdict.c()).isEqualTo(5);
    assertThat(verdict.reason()).startsWith("better on");
    assertThat(verdict.incumbent().orElseThrow().scores().top5()).isEqualTo(43 / 48.0);
  }

  @Test
  void aStoresFirstVersionHasNothingToBeatButItsScoresCount() {
    add("ant", 0, 0, 2, 8);
    List<PairedPrediction> alone =
        predictions.stream()
            .map(
                prediction ->
                    new PairedPrediction(prediction.trueClass(), List.of(), prediction.candidate()))
            .toList();
    Verdict verdict = new Gate(Optional.empty(), LABELS, 9, 1).judge(alone, 3);
    assertThat(verdict.outcome()).isEqualTo(Outcome.PROMOTED);
    assertThat(verdict.reason()).isEqualTo("the store's first version");
    assertThat(verdict.incumbent()).isEmpty();
    assertThat(verdict.candidate().top1()).isEqualTo(0.2);
    assertThat(verdict.leftOutAsDuplicates()).isEqualTo(3);
  }

  @Test
  void whatCannotBeJudgedIsRefused() {
    assertThatThrownBy(() -> new Gate(Optional.empty(), LABELS, 9, 0))
        .hasMessage("a gate needs at least one held-out image: 0");
    predictions.add(new PairedPrediction("cat", List.of("ant"), List.of("ant")));
    assertThatThrownBy(this::judge).hasMessageContaining("the candidate has no class cat");
  }
}
