package io.tagstream.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.flow.RetrainRequest;
import io.tagstream.settings.RetrainSettings;
import io.tagstream.settings.Settings;
import io.tagstream.trainingstore.RetrainRun;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TriggerTest {
  private static final Instant NOW = Instant.parse("2012-12-03T10:00:00Z");
  private static final RetrainRequest REQUEST = new RetrainRequest("1", "ann", "new camera", NOW);
  private static final LiveAccuracy.Fall FALL = new LiveAccuracy.Fall("v1", 0.9, 120, 200, 1e-9);

  private final Trigger trigger = new Trigger(Settings.defaults().get(RetrainSettings.class));

  private Optional<RetrainRun.Cause> fires(
      long newLabels, long rows, long heldOut, long quietSeconds, long ageSeconds) {
    return trigger
        .fires(
            new StoreCounts(newLabels, rows, heldOut, List.of()),
            new Arrivals(newLabels, NOW.minusSeconds(ageSeconds), NOW.minusSeconds(quietSeconds)),
            Optional.empty(),
            List.of(),
            NOW)
        .map(Trigger.Start::cause);
  }

  @Test
  void ofManyRequestersSomeAreNamed() {
    List<RetrainRequest> requests =
        IntStream.rangeClosed(1, 1000)
            .mapToObj(i -> new RetrainRequest("r" + i, "user" + i, null, NOW))
            .toList();
    assertThat(
            trigger.fires(
                new StoreCounts(0, 1000, 200, List.of()),
                new Arrivals(0, NOW, NOW),
                Optional.empty(),
                requests,
                NOW))
        .map(Trigger.Start::reason)
        .contains(
            "asked for by user1, asked for by user2, asked for by user3, asked for by user4, asked"
                + " for by user5 and 995 more");
  }

  @ParameterizedTest
  @CsvSource({
    // new, rows, held out, quiet, age -> kind
    "199, 1000, 200, 600, 899,",
    "200, 1000, 200, 29, 600,",
    "200, 1000, 200, 30, 600, LABELS",
    "399, 1000, 200, 0, 600,",
    "400, 1000, 200, 0, 600, LABELS",
    // A tenth of a large store.
    "299, 3000, 200, 600, 600,",
    "300, 3000, 200, 30, 600, LABELS",
    "301, 3001, 200, 30, 600, LABELS",
    "300, 3001, 200, 30, 600,",
    "599, 3000, 200, 0, 600,",
    "600, 3000, 200, 0, 600, LABELS",
    // Age.
    "49, 1000, 200, 600, 100000,",
    "50, 1000, 200, 600, 899,",
    "50, 1000, 200, 0, 900, AGE",
    // The held-out set.
    "400, 1000, 24, 600, 10000,",
    "400, 1000, 25, 600, 10000, LABELS",
    "0, 0, 0, 0, 0,"
  })
  void countsAndTimes(
      long newLabels, long rows, long heldOut, long quiet, long age, RetrainRun.Cause expected) {
    assertThat(fires(newLabels, rows, heldOut, quiet, age))
        .isEqualTo(Optional.ofNullable(expected));
  }

  @Test
  void aRequestPrecedesAFallWhichPrecedesLabels() {
    StoreCounts counts = new StoreCounts(400, 1000, 25, List.of());
    Arrivals arrivals = new Arrivals(400, NOW, NOW);
    assertThat(trigger.fires(counts, arrivals, Optional.of(FALL), List.of(REQUEST), NOW))
        .contains(new Trigger.Start(RetrainRun.Cause.REQUEST, "asked for by ann (new camera)"));
    assertThat(trigger.fires(counts, arrivals, Optional.of(FALL), List.of(), NOW))
        .contains(
            new Trigger.Start(
                RetrainRun.Cause.ACCURACY,
                "live top-1 of v1 fell from 90.0 % to 60.0 % on 200 labels"));
  }

  @ParameterizedTest
  @CsvSource({
    // new, quiet -> kind
    "0, 600,",
    "49, 600,",
    "50, 29,",
    "50, 30, ACCURACY",
    "199, 0,",
    "200, 0, ACCURACY"
  })
  void aFallWaitsUntilTheStoreHasWhatShowedIt(
      long newLabels, long quiet, RetrainRun.Cause expected) {
    Arrivals arrivals = new Arrivals(newLabels, NOW.minusSeconds(quiet), NOW.minusSeconds(quiet));
    assertThat(
            trigger
                .fires(
                    new StoreCounts(newLabels, 1000, 25, List.of()),
                    arrivals,
                    Optional.of(FALL),
                    List.of(),
                    NOW)
                .map(Trigger.Start::cause))
        .isEqualTo(Optional.ofNullable(expected));
  }

  @Test
  void withoutNewLabelsARequestIsEnoughAndWithoutHeldOutImagesItIsNot() {
    assertThat(
            trigger.fires(
                new StoreCounts(0, 1000, 25, List.of()),
                Arrivals.NONE,
                Optional.empty(),
                List.of(REQUEST),
                NOW))
        .isPresent();
    assertThat(
            trigger.fires(
                new StoreCounts(0, 1000, 24, List.of()),
                Arrivals.NONE,
                Optional.of(FALL),
                List.of(REQUEST),
                NOW))
        .isEmpty();
  }

  @Test
  void arrivalsKeepTheTimesOfTheFirstAndLastNewLabel() {
    Arrivals some = Arrivals.NONE.seen(3, NOW);
    assertThat(some).isEqualTo(new Arrivals(3, NOW, NOW));
    assertThat(some.seen(3, NOW.plusSeconds(5))).isEqualTo(some);
    assertThat(some.seen(7, NOW.plusSeconds(5)))
        .isEqualTo(new Arrivals(7, NOW, NOW.plusSeconds(5)));
    // A run took seven labels, two arrived meanwhile.
    assertThat(some.seen(2, NOW.plusSeconds(9)))
        .isEqualTo(new Arrivals(2, NOW.plusSeconds(9), NOW.plusSeconds(9)));
  }
}
