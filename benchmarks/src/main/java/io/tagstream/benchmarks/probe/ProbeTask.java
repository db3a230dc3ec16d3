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
 * The input of a probe.
 *
 * @param photos a folder of encoded images, all of which can be decoded
 * @param models a store whose live version has the paper's network, and whose version {@link
 *     #INTEGERS} has the same weights as integers
 * @param bootstrapServer address of the broker, whose topic {@code images} holds the images in
 *     turns
 * @param warmUp number of images or turns before the counted ones
 * @param count number of counted images or turns
 * @param views number of views of an image
 * @param batch crops in a batch
 * @param rate images a second, for a probe that sends them
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

  /** The version with integer weights. */
  public static final String INTEGERS = "integers";

  /** The task as arguments of a program, for {@link #parse}. */
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

  /** This task with other images. */
  public ProbeTask on(String otherPhotos) {
    return new ProbeTask(
        otherPhotos, models, bootstrapServer, warmUp, count, views, batch, rate, threads);
  }

  /** This task with another number of views. */
  public ProbeTask of(int otherViews) {
    return new ProbeTask(
        photos, models, bootstrapServer, warmUp, count, otherViews, batch, rate, threads);
  }

  /** This task with another batch size. */
  public ProbeTask inBatchesOf(int otherBatch) {
    return new ProbeTask(
        photos, models, bootstrapServer, warmUp, count, views, otherBatch, rate, threads);
  }

  /** This task with another number of threads. */
  public ProbeTask onThreads(int otherThreads) {
    return new ProbeTask(
        photos, models, bootstrapServer, warmUp, count, views, batch, rate, otherThreads);
  }

  /** This task with another rate. */
  public ProbeTask atRate(double otherRate) {
    return new ProbeTask(
        photos, models, bootstrapServer, warmUp, count, views, batch, otherRate, threads);
  }

  /** The connection to the broker. */
  public KafkaConnection connection() {
    return new KafkaConnection(bootstrapServer, Duration.ofSeconds(30), Map.of());
  }

  /** A new folder for files of a probe; it is deleted with the task's other folders. */
  public Path newFolder() {
    try {
      return Files.createTempDirectory(Path.of(models).toAbsolutePath().getParent(), "probe");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The encoded images, in the order of their names. */
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
