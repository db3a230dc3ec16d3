package io.tagstream.benchmarks.growth;

import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.LabelledImage;
import io.tagstream.trainingstore.Addition;
import io.tagstream.trainingstore.ImageCollection;
import io.tagstream.trainingstore.Listing;
import io.tagstream.trainingstore.TrainingStore;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Measures what reading a training store with the task's count of rows costs a job. The images of
 * the rows are small and of noise, because they are not decoded here and heads are read without
 * them.
 */
public final class StoreGrowth implements Probe {
  /** A job's first listing, which reads the heads of all rows. */
  public static final String FIRST_LOOK = "first look ms";

  /** Each later listing, which a job repeats every few seconds. */
  public static final String LOOK = "look ms";

  /** Reading the images and classes of a run; the figure keeps the name of earlier releases. */
  public static final String COLLECTION = "snapshot ms";

  /** Heap that the listings keep. */
  public static final String HEAP = "heap MiB";

  private static final int CLASSES = 100;
  private static final int BYTES = 2000;

  @Override
  public Map<String, Double> measure(ProbeTask task) {
    Path folder = task.newFolder();
    Addition.of(noise(task.count()), new TrainingStore(folder), Instant.EPOCH);
    double before = LiveHeap.mebibytes();
    TrainingStore store = new TrainingStore(folder);
    long start = System.nanoTime();
    store.list();
    double firstLook = millisSince(start);
    start = System.nanoTime();
    Listing listing = store.list();
    double look = millisSince(start);
    start = System.nanoTime();
    ImageCollection collection = store.read(listing.files());
    int images = collection.inClasses(List.of()).images().size();
    double collectionMillis = millisSince(start);
    if (images != task.count()) {
      throw new IllegalStateException("%d images of %d".formatted(images, task.count()));
    }
    return Map.of(
        FIRST_LOOK,
        firstLook,
        LOOK,
        look,
        COLLECTION,
        collectionMillis,
        HEAP,
        LiveHeap.mebibytes() - before);
  }

  private static Dataset noise(int rows) {
    List<LabelledImage> images =
        IntStream.range(0, rows)
            .mapToObj(
                number ->
                    new LabelledImage(
                        "image-" + number, Optional.empty(), number % CLASSES, new Noise(number)))
            .toList();
    List<String> labels = IntStream.range(0, CLASSES).mapToObj(i -> "class-" + i).toList();
    return new Dataset("noise", labels, images);
  }

  private record Noise(int seed) implements LabelledImage.Content {
    @Override
    public byte[] read() {
      byte[] bytes = new byte[BYTES];
      new Random(seed).nextBytes(bytes);
      return bytes;
    }

    @Override
    public String place() {
      return "noise " + seed;
    }
  }

  private static double millisSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e6;
  }
}
