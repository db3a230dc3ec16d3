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
 * Whether a job is the same after a million images as after a thousand: the whole job with its
 * defaults, at the task's rate. So that a million pass in minutes, pictures and network are small.
 */
public final class StreamGrowth implements Probe {
  /** In use after a collection, the sender and the reader of this process with it. */
  public static final String HEAP = "heap MiB";

  /** From append to prediction, median of the last thousand. */
  public static final String LATENCY = "p50 ms";

  /** Of the last ten at most, the median. */
  public static final String CHECKPOINT = "checkpoint ms";

  /** Images after which is looked. */
  public static final List<Integer> LOOKS = List.of(1_000, 10_000, 100_000, 1_000_000);

  /** The smallest that leaves the last convolution a map of one number. */
  private static final int SIDE = 67;

  private static final double WIDTH = 0.05;
  private static final int CLASSES = 10;
  private static final int PICTURES = 100;
  private static final int QUALITY = 90;
  private static final int RECENT = 1000;
  private static final long SEED = 1;
  private static final Topics TOPICS = new Topics("growth-");

  /** A figure after so many images. */
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
            task.on(smallPictures(task).toString()),
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
          if (LOOKS.contains(answered[0])) {
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

  /** Some of the task's pictures, as small as the network's input. */
  private static Path smallPictures(ProbeTask task) throws IOException, UnreadableImageException {
    Path folder = task.newFolder();
    List<byte[]> pictures = task.encoded();
    try (ImageDecoder decoder = new ImageDecoder(SIDE, SIDE, Views.of(1), DecodeLimits.DEFAULT)) {
      for (int i = 0; i < Math.min(PICTURES, pictures.size()); i++) {
        RgbImage small = new RgbImage(SIDE, SIDE, decoder.decode(pictures.get(i)));
        Files.write(folder.resolve("%03d".formatted(i)), ImageEncoder.jpeg(small, QUALITY));
      }
    }
    return folder;
  }

  /** What Flink tells of its checkpoints; NaN before the first. */
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
    try (InputStream answer = URI.create(address).toURL().openStream()) {
      return new ObjectMapper().readTree(answer);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
