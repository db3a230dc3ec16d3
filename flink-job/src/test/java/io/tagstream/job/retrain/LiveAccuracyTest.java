package io.tagstream.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.model.training.Binomial;
import io.tagstream.settings.RetrainSettings;
import io.tagstream.settings.Settings;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LiveAccuracyTest {
  private static final RetrainSettings SETTINGS = Settings.defaults().get(RetrainSettings.class);
  private static final Instant START = Instant.parse("2012-12-03T10:00:00Z");

  private final LiveAccuracy accuracy = new LiveAccuracy(SETTINGS);
  private long labels;

  private void count(String version, int right, int wrong) {
    count(accuracy, version, right, wrong);
  }

  private void count(LiveAccuracy into, String version, int right, int wrong) {
    for (int i = 0; i < right + wrong; i++) {
      into.count(version, i < right, START.plusMillis(labels++));
    }
  }

  /** Reference values computed as sums of exact fractions. */
  @ParameterizedTest
  @CsvSource({
    "3, 10, 0.5, 0.171875",
    "36, 50, 0.9, 0.00028512",
    "150, 200, 0.8, 0.04935",
    "0, 5, 0.2, 0.32768",
    "5, 5, 0.2, 1",
    "7, 9, 1, 0",
    "4, 9, 0, 1",
    "1200, 2000, 0.65, 1.90875e-06"
  })
  void theBinomialDistribution(int right, int labels, double expected, double probability) {
    assertThat(new Binomial(labels, expected).atMost(right))
        .isCloseTo(probability, within(Math.max(1e-9, 0.01 * probability)));
  }

  @ParameterizedTest
  @CsvSource({
    // correct of the last labels, expected -> fallen
    "35, 49, 0.9, false",
    "35, 50, 0.9, true",
    // Ten points, but not significant on 50 labels.
    "40, 50, 0.9, false",
    "39, 50, 0.9, true",
    // Significant, but nine points.
    "162, 200, 0.9, false",
    "160, 200, 0.9, true",
    "200, 200, 0.9, false"
  })
  void aFallIsLargeAndNoChance(int right, int labels, double expected, boolean fallen) {
    count("v1", right, labels - right);
    assertThat(accuracy.fall("v1", Optional.of(expected)).isPresent()).isEqualTo(fallen);
  }

  @Test
  void onlyTheLastLabelsCount() {
    count("v1", 0, 100);
    count("v1", 200, 0);
    assertThat(accuracy.fall("v1", Optional.of(0.9))).isEmpty();
    assertThat(accuracy.score("v1")).contains(new LiveAccuracy.Score("v1", 300, 200, 200, 200));
  }

  @Test
  void aPromotionBeginsANewWindowEvenWhileTheOldVersionStillPredicts() {
    count("v1", 0, 200);
    count("v2", 40, 0);
    count("v1", 0, 20);
    count("v2", 20, 0);
    assertThat(accuracy.fall("v2", Optional.of(0.9))).isEmpty();
    assertThat(accuracy.score("v2")).contains(new LiveAccuracy.Score("v2", 60, 60, 60, 60));
    assertThat(accuracy.fall("v3", Optional.of(0.9))).isEmpty();
  }

  @Test
  void anUnmeasuredVersionIsComparedWithItsFirstWindow() {
    count("v1", 180, 20);
    count("v1", 24, 25);
    assertThat(accuracy.fall("v1", Optional.empty())).isEmpty();
    count("v1", 0, 1);
    assertThat(accuracy.fall("v1", Optional.empty()))
        .hasValueSatisfying(
            fall -> {
              assertThat(fall.expected()).isEqualTo(0.9);
              assertThat(fall.labels()).isEqualTo(50);
              assertThat(fall.right()).isEqualTo(24);
            });
  }

  @Test
  void afterAFallOnlyFurtherLabelsRearmTheAlarm() {
    count("v1", 0, 60);
    assertThat(accuracy.fall("v1", Optional.of(0.9))).isPresent();
    accuracy.disarm(accuracy.newestLabel());
    assertThat(accuracy.fall("v1", Optional.of(0.9))).isEmpty();
    count("v1", 0, 199);
    assertThat(accuracy.fall("v1", Optional.of(0.9))).isEmpty();
    count("v1", 0, 1);
    assertThat(accuracy.fall("v1", Optional.of(0.9))).isPresent();
  }

  @Test
  void labelsThatAreReadAgainAfterACrashDoNotRearmTheAlarm() {
    count("v1", 0, 300);
    Instant seen = accuracy.newestLabel();
    LiveAccuracy another = new LiveAccuracy(SETTINGS);
    another.disarm(seen);
    labels = 0;
    count(another, "v1", 0, 300);
    assertThat(another.fall("v1", Optional.of(0.9))).isEmpty();
    count(another, "v1", 0, 200);
    assertThat(another.fall("v1", Optional.of(0.9))).isPresent();
  }

  @Test
  void aTimeFromAClockThatWasAheadDoesNotKeepTheAlarmDisarmed() {
    count("v1", 0, 60);
    accuracy.disarm(START.plusSeconds(1_000_000));
    accuracy.notAfter(START.plusMillis(labels));
    count("v1", 0, 201);
    assertThat(accuracy.fall("v1", Optional.of(0.9))).isPresent();
    accuracy.count("v1", false, START.plusSeconds(1_000_000));
    accuracy.notAfter(START.plusMillis(labels));
    assertThat(accuracy.newestLabel()).isEqualTo(START.plusMillis(labels));
  }

  @Test
  void disarmingTwiceAtTheSameTimeKeepsTheLabelsCountedSince() {
    count("v1", 0, 60);
    Instant seen = accuracy.newestLabel();
    accuracy.disarm(seen);
    count("v1", 0, 200);
    accuracy.disarm(seen);
    assertThat(accuracy.fall("v1", Optional.of(0.9))).isPresent();
  }

  @Test
  void aCheckpointKeepsTheWholeState() {
    count("v1", 150, 150);
    count("v2", 30, 25);
    accuracy.disarm(accuracy.newestLabel());
    count("v2", 5, 100);
    LiveAccuracy restored = new LiveAccuracy(SETTINGS);
    restored.restore(accuracy.savedWindows(), Optional.of(accuracy.savedArming()));
    assertThat(restored.savedWindows()).isEqualTo(accuracy.savedWindows());
    assertThat(restored.savedArming()).isEqualTo(accuracy.savedArming());
    assertThat(restored.scores()).isEqualTo(accuracy.scores());
    count(restored, "v2", 0, 95);
    assertThat(restored.fall("v2", Optional.of(0.9))).isPresent();
  }

  @Test
  void oldVersionsAreEvicted() {
    for (int i = 0; i < 10; i++) {
      count("v" + i, 1, 0);
    }
    assertThat(accuracy.scores())
        .extracting(LiveAccuracy.Score::version)
        .containsExactly("v6", "v7", "v8", "v9");
  }
}
