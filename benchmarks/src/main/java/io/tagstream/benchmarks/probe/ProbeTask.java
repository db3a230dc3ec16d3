package io.tagstream.benchmarks.probe;

import io.tagstream.schemas.KafkaConnection;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a probe works on.
 *
 * @param photos a folder of encoded pictures, all of which can be read
 * @param models a store whose live version has the paper's network, and version {@link #INTEGERS}
 *     the same weights as integers
 * @param bootstrapServer where the broker is, whose topic {@code images} holds the pictures in
 *     turns
 * @param warmUp images, or turns, before those that count
 * @param count images, or turns, that count
 * @param views crops an image
 * @param batch crops a batch
 * @param rate images a second, where a probe sends them
 */
public record ProbeTask(
    String photos,
    String models,
    String bootstrapServer,
    int warmUp,
    int count,
    int views,
    int batch,
    double rate,
    int threads)
    implements Serializable {

  /** The version that computes with integers. */
  public static final String INTEGERS = "integers";

  /** As arguments of a program, for {@link #parse}. */
  List<String> arguments() {
    return Stream.of(photos, models, bootstrapServer, warmUp, count, views, batch, rate, threads)
        .map(Object::toString)
        .toList();
  }

  static ProbeTask parse(List<String> arguments) {
    return new ProbeTask(
        arguments.get(0),
        arguments.get(1),
        arguments.get(2),
        Integer.parseInt(arguments.get(3)),
        Integer.parseInt(arguments.get(4)),
        Integer.parseInt(arguments.get(5)),
        Integer.parseInt(arguments.get(6)),
        Double.parseDouble(arguments.get(7)),
        Integer.parseInt(arguments.get(8)));
  }

  /** This task with other numbers of images or turns. */
  public ProbeTask times(int otherWarmUp, int otherCount) {
    return new ProbeTask(
        photos, models, bootstrapServer, otherWarmUp, otherCount, views, batch, rate, threads);
  }

  /** This task with other pictures. */
  public ProbeTask on(String otherPhotos) {
    return new ProbeTask(
        otherPhotos, models, bootstrapServer, warmUp, count, views, batch, rate, threads);
  }

  /** This task with other crops an image. */
  public ProbeTask of(int otherViews) {
    return new ProbeTask(
        photos, models, bootstrapServer, warmUp, count, otherViews, batch, rate, threads);
  }

  /** This task with other batches. */
  public ProbeTask inBatchesOf(int otherBatch) {
    return new ProbeTask(
        photos, models, bootstrapServer, warmUp, count, views, otherBatch, rate, threads);
  }

  /** This task on other threads. */
  public ProbeTask onThreads(int otherThreads) {
    return new ProbeTask(
        photos, models, bootstrapServer, warmUp, count, views, batch, rate, otherThreads);
  }

  /** This task with another rate. */
  public ProbeTask atRate(double otherRate) {
    return new ProbeTask(
        photos, models, bootstrapServer, warmUp, count, views, batch, otherRate, threads);
  }

  /** To the broker. */
  public KafkaConnection connection() {
    return new KafkaConnection(bootstrapServer, Duration.ofSeconds(30), Map.of());
  }

  /** A new folder for what a probe leaves on the disk; it goes with the task's other folders. */
  public Path newFolder() {
    try {
      return Files.createTempDirectory(Path.of(models).toAbsolutePath().getParent(), "probe");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The encoded pictures, in the order of their names. */
  public List<byte[]> encoded() {
    try (Stream<Path> files = Files.list(Path.of(photos))) {
      return files.sorted().map(ProbeTask::read).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
