package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.store.ModelStore;
import io.tagstream.producers.drawn.DrawnScenes;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Settings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sends broken images among good ones through a job in a separate process. */
final class MangledImagesTest {
  private static final WireFormat<Image> FORMAT = WireFormat.of(Image.class);

  @TempDir private Path directory;
  private final MangledImages broken = new MangledImages();
  private TestStream stream;
  private Optional<Process> job = Optional.empty();

  @BeforeEach
  void startBroker() {
    stream =
        new TestStream(
            directory, Settings.load(Optional.empty(), Map.of("topics.partitions", "2"), Map.of()));
  }

  @AfterEach
  void stop() {
    stream.close();
  }

  private Process startJob() throws IOException {
    Process process =
        stream.startJob(directory.resolve("job.log"), "--set", "checkpoint.interval=1 s");
    job = Optional.of(process);
    return process;
  }

  private void send(Stream<byte[]> images, IntFunction<String> id) {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            stream.connection().producerProperties(),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      images.forEach(
          content -> {
            String name = id.apply(sent.size());
            byte[] value =
                FORMAT.encode(
                    Image.newBuilder().setId(name).setContent(ByteBuffer.wrap(content)).build());
            sent.add(
                producer.send(
                    new ProducerRecord<>(
                        TestStream.TOPICS.images(), name.getBytes(StandardCharsets.UTF_8), value)));
          });
    }
    sent.forEach(record -> assertThat(record).succeedsWithin(Duration.ZERO).isNotNull());
  }

  /** The ids of all predictions and rejections, with duplicates. */
  private List<String> outcomes() {
    return Stream.concat(
            stream.allPredictions().stream().map(Prediction::getImageId),
            stream.allRejections().stream().map(Rejection::getImageId).map(id -> id.orElseThrow()))
        .toList();
  }

  private List<String> awaitOutcomes(int count) throws Exception {
    List<String> ids = outcomes();
    while (ids.size() < count) {
      assertThat(job.orElseThrow().isAlive()).as(() -> "the job runs:\n" + log()).isTrue();
      TimeUnit.MILLISECONDS.sleep(500);
      ids = outcomes();
    }
    return ids;
  }

  private String log() {
    try {
      return Files.readString(directory.resolve("job.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  @Timeout(240)
  void eachImageHasOneAnswer() throws Exception {
    int images = 600;
    startJob();
    send(IntStream.range(1, images).mapToObj(broken::image), number -> "broken-" + number);
    stream.send(TestStream.TOPICS.images(), 0, 20);
    List<String> expected =
        Stream.concat(
                IntStream.range(0, images - 1).mapToObj(number -> "broken-" + number),
                TestStream.ids(0, 20))
            .toList();
    assertThat(awaitOutcomes(expected.size())).containsExactlyInAnyOrderElementsOf(expected);
  }

  /** Prints the rate of good images alone and among broken ones, and the job's memory. */
  @Test
  @Tag("long")
  void goodImagesKeepTheirRateAmongTenThousandBrokenOnes() throws Exception {
    int good = 4000;
    int bad = 10_000;
    ModelStore store = new ModelStore(stream.models());
    store.promote(TestStream.writeModel(store, 2, 1), "a test");
    Process process = startJob();
    List<byte[]> scenes = scenes();
    sendGood(scenes, "warm-up-", 1500);
    awaitOutcomes(1500);

    sendGood(scenes, "alone-", good);
    awaitOutcomes(1500 + good);
    send(
        IntStream.range(0, good + bad)
            .mapToObj(
                number ->
                    isGood(number, good, bad)
                        ? scenes.get(number % scenes.size())
                        : broken.image(number)),
        number -> (isGood(number, good, bad) ? "mixed-" : "broken-") + number);
    List<String> ids = awaitOutcomes(1500 + 2 * good + bad);
    assertThat(ids).doesNotHaveDuplicates();

    double alone = perSecond("alone-");
    double mixed = perSecond("mixed-");
    System.out.printf(
        "good images/s alone %.1f, among %d broken ones %.1f: %.2f; peak resident memory %s%n",
        alone, bad, mixed, mixed / alone, peakMemory(process));
  }

  private static boolean isGood(int number, int good, int bad) {
    return (long) number * good / (good + bad) != (number + 1L) * good / (good + bad);
  }

  private static List<byte[]> scenes() {
    DrawnScenes drawn = new DrawnScenes(5);
    return IntStream.range(0, 100)
        .mapToObj(
            number -> {
              ByteBuffer jpeg = drawn.scene(number).jpeg();
              byte[] bytes = new byte[jpeg.remaining()];
              jpeg.get(bytes);
              return bytes;
            })
        .toList();
  }

  private void sendGood(List<byte[]> scenes, String prefix, int count) {
    send(
        IntStream.range(0, count).mapToObj(number -> scenes.get(number % scenes.size())),
        number -> prefix + number);
  }

  private double perSecond(String prefix) {
    List<Instant> times =
        stream.allPredictions().stream()
            .filter(prediction -> prediction.getImageId().startsWith(prefix))
            .map(Prediction::getPredictedAt)
            .sorted()
            .toList();
    Duration all = Duration.between(times.get(0), times.get(times.size() - 1));
    return times.size() * 1e3 / all.toMillis();
  }

  private static String peakMemory(Process process) throws IOException {
    return Files.readAllLines(Path.of("/proc/%d/status".formatted(process.pid()))).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .map(line -> line.substring("VmHWM:".length()).strip())
        .findFirst()
        .orElseThrow();
  }
}
