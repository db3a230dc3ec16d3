package io.tagstream.benchmarks.growth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tagstream.benchmarks.ladder.SteadyJob;
import io.tagstream.benchmarks.probe.DrawnModel;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.ImageEncoder;
import io.tagstream.model.image.RgbImage;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.store.ModelStore;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Measures whether a job after a million images is the same as after a thousand: the whole job with
 * default settings, at the task's rate. Images and network are small, so that a million images take
 * only minutes.
 */
public final class StreamGrowth implements Probe {
  /**
   * Heap in use after a garbage collection, including the sender and the reader in this process.
   */
  public static final String HEAP = "heap MiB";

  /** Time from append to prediction, as the median of the last thousand. */
  public static final String LATENCY = "p50 ms";

  /** Duration of a checkpoint, as the median of at most the last ten. */
  public static final String CHECKPOINT = "checkpoint ms";

  /** Numbers of images after which to measure. */
  public static final List<Integer> SIZES = List.of(1_000, 10_000, 100_000, 1_000_000);

  /** The smallest input for which the last pooling still outputs one value for each map. */
  private static final int SIDE = 67;

  private static final double WIDTH = 0.05;
  private static final int CLASSES = 10;
  private static final int IMAGES = 100;
  private static final int QUALITY = 90;
  private static final int RECENT = 1000;
  private static final long SEED = 1;
  private static final Topics TOPICS = new Topics("growth-");

  /** A figure after this many images. */
  public static String after(String figure, int images) {
    return "%s after %d".formatted(figure, images);
  }

  @Override
  public Map<String, Double> measure(ProbeTask task) throws Exception {
    Path models = task.newFolder();
    writeModel(models);
    int port = freePort();
    SteadyJob job =
        SteadyJob.start(
            task.on(smallImages(task).toString()),
            models,
            TOPICS,
            Map.of("flink.rest.bind-port", Integer.toString(port)));
    CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> job.send(task.count()));
    Map<String, Double> figures = new LinkedHashMap<>();
    Deque<Duration> recent = new ArrayDeque<>();
    int[] answered = {0};
    job.read(
        task.count(),
        prediction -> {
          add(recent, prediction);
          answered[0]++;
          if (SIZES.contains(answered[0])) {
            figures.put(after(HEAP, answered[0]), LiveHeap.mebibytes());
            figures.put(
                after(LATENCY, answered[0]), SteadyJob.percentile(new ArrayList<>(recent), 50));
            figures.put(after(CHECKPOINT, answered[0]), checkpointMillis(port));
          }
        });
    sending.get();
    return figures;
  }

  private static void add(Deque<Duration> recent, Prediction prediction) {
    recent.add(SteadyJob.latency(prediction));
    if (recent.size() > RECENT) {
      recent.remove();
    }
  }

  private static void writeModel(Path models) {
    NetworkDescription narrow = NetworkDescription.alexNet(CLASSES, WIDTH);
    NetworkDescription small = new NetworkDescription(SIDE, narrow.convolutions(), narrow.dense());
    new ModelStore(models).write(DrawnModel.of(Initialisation.HE.draw(small, SEED)));
  }

  /** Some of the task's images, resized to the network's input. */
  private static Path smallImages(ProbeTask task) throws IOException, UnreadableImageException {
    Path folder = task.newFolder();
    List<byte[]> images = task.encoded();
    try (ImageDecoder decoder = new ImageDecoder(SIDE, SIDE, Views.of(1), DecodeLimits.DEFAULT)) {
      for (int i = 0; i < Math.min(IMAGES, images.size()); i++) {
        RgbImage small = new RgbImage(SIDE, SIDE, decoder.decode(images.get(i)));
        Files.write(folder.resolve("%03d".formatted(i)), ImageEncoder.jpeg(small, QUALITY));
      }
    }
    return folder;
  }

  /** Median duration of Flink's last checkpoints; NaN before the first. */
  private static double checkpointMillis(int port) {
    try {
      String jobs = "http://127.0.0.1:%d/jobs/".formatted(port);
      String id = read(jobs).get("jobs").get(0).get("id").asText();
      List<Duration> durations = new ArrayList<>();
      for (JsonNode checkpoint : read(jobs + id + "/checkpoints").get("history")) {
        if (checkpoint.get("status").asText().equals("COMPLETED")) {
          durations.add(Duration.ofMillis(checkpoint.get("end_to_end_duration").asLong()));
        }
      }
      return durations.isEmpty() ? Double.NaN : SteadyJob.percentile(durations, 50);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode read(String address) throws IOException {
    try (InputStream response = URI.create(address).toURL().openStream()) {
      return new ObjectMapper().readTree(response);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
