package io.tagstream.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.benchmarks.engines.Contest;
import io.tagstream.benchmarks.engines.DecodePixels;
import io.tagstream.benchmarks.engines.DecodeRates;
import io.tagstream.benchmarks.engines.EngineRates;
import io.tagstream.benchmarks.engines.TowerRates;
import io.tagstream.benchmarks.ladder.SwapLatency;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TablesTest {
  @Test
  void whatWasMeasuredHasATableAndNothingElse() {
    Results results = new Results();
    assertThat(new Tables(results).all()).isEmpty();

    results.add(
        EngineRates.class, Map.of(Bench.onOneThread(Contest.batch(EngineRates.OURS, 16)), 134.38));
    results.add(DecodeRates.class, Map.of(DecodeRates.BARE, 1200.0));
    results.add(
        DecodePixels.class,
        Map.of(
            DecodePixels.CROPS, 0.758,
            DecodePixels.IMAGE_IO, 0.886,
            DecodePixels.IMAGE_IO_READS, 1.0));

    List<Table> tables = new Tables(results).all();
    assertThat(tables)
        .extracting(Table::title)
        .containsExactly("Engines on one thread", "Decoders");
    assertThat(tables.get(0).header()).containsExactly("engine", "batch 16");
    assertThat(tables.get(0).rows()).containsExactly(List.of(EngineRates.OURS, "134.4"));
    assertThat(tables.get(1).note())
        .contains("differs by 0.76 levels", "differ by 0.89", "a share of 1.000 of");
  }

  @Test
  void towersHaveTheirRatioAndWhatTheyExchange() {
    Results results = new Results();
    results.add(
        TowerRates.class,
        Map.of(
            TowerRates.ONE, 66.6, TowerRates.TWO, 33.3, TowerRates.EXCHANGED + "conv3", 173056.));

    List<Table> tables = new Tables(results).all();
    assertThat(tables).extracting(Table::title).containsExactly("Two towers");
    assertThat(tables.get(0).note()).endsWith("including the backward pass: 173,056 for conv3.");
    assertThat(tables.get(0).rows())
        .containsExactly(List.of("training, batch 64", "66.6", "33.3", "0.50"));
  }

  @Test
  void onlyFiguresOfOneUnitHaveBars() {
    Results results = new Results();
    results.add(SwapLatency.class, Map.of(SwapLatency.SLOWEST, 8253.0));
    assertThat(page(results)).contains("Model swaps", "8253").doesNotContain("<rect");
    results.add(DecodeRates.class, Map.of(DecodeRates.BARE, 1200.0));
    assertThat(page(results)).containsOnlyOnce("<rect");
  }

  private static String page(Results results) {
    Report report =
        new Report(
            Instant.EPOCH,
            "a machine",
            "photos",
            1,
            results.all(),
            new Targets(results, false).all());
    return BenchPage.html(report, new Tables(results).all(), Optional.empty());
  }
}
