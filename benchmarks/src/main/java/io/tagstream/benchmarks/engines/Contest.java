package io.tagstream.benchmarks.engines;

import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.benchmarks.probe.Turns;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Compares engines on batches of noise. The engines take turns, so that other load on the machine
 * affects all of them. Figures are medians over the task's count of turns, in images/s: {@link
 * #batch} for batches of one size, {@link #spaced} for single images that arrive every 20 ms, not
 * counting the time between them.
 */
public final class Contest {
  public static final List<Integer> BATCHES = List.of(1, 16, 64);

  /** Minimum number of crops that an engine computes in one turn. */
  private static final int CROPS_A_TURN = 64;

  private static final long SPACING_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final int SPACED = 20;

  private Contest() {}

  /** The figure of an engine for batches of one size. */
  public static String batch(String engine, int size) {
    return "%s batch %d".formatted(engine, size);
  }

  /** The figure of an engine for single images every 20 ms. */
  public static String spaced(String engine) {
    return engine + " spaced";
  }

  /**
   * Measures the engines.
   *
   * @param engines by name; each takes crops, {@code [S][S][3]} bytes
   * @param cropBytes {@code S * S * 3}
   */
  public static Map<String, Double> run(
      Map<String, Consumer<List<byte[]>>> engines, int cropBytes, ProbeTask task)
      throws InterruptedException {
    return Turns.medians(
        task,
        turns -> {
          for (Map.Entry<String, Consumer<List<byte[]>>> engine : engines.entrySet()) {
            for (int batch : BATCHES) {
              turns.add(
                  batch(engine.getKey(), batch), rate(engine.getValue(), noise(batch, cropBytes)));
            }
            turns.add(spaced(engine.getKey()), spacedRate(engine.getValue(), noise(1, cropBytes)));
          }
        });
  }

  private static double rate(Consumer<List<byte[]>> engine, List<byte[]> crops) {
    int times = Math.max(1, CROPS_A_TURN / crops.size());
    long start = System.nanoTime();
    for (int i = 0; i < times; i++) {
      engine.accept(crops);
    }
    return crops.size() * times * 1e9 / (System.nanoTime() - start);
  }

  private static double spacedRate(Consumer<List<byte[]>> engine, List<byte[]> crop)
      throws InterruptedException {
    long working = 0;
    long next = System.nanoTime();
    for (int i = 0; i < SPACED; i++) {
      TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
      long start = System.nanoTime();
      engine.accept(crop);
      long end = System.nanoTime();
      working += end - start;
      next = Math.max(next + SPACING_NANOS, end);
    }
    return SPACED * 1e9 / working;
  }

  static List<byte[]> noise(int crops, int bytes) {
    Random random = new Random(crops);
    List<byte[]> batch = new ArrayList<>();
    for (int i = 0; i < crops; i++) {
      byte[] pixels = new byte[bytes];
      random.nextBytes(pixels);
      batch.add(pixels);
    }
    return batch;
  }
}
