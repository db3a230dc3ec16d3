package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.retag.RetagCommand;
import io.tagstream.model.store.ModelStore;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Source;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UsageException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Twelve images, of which the third and the seventh are broken and some have answers. */
@Timeout(180)
final class RetagMissingTest {
  private static final List<Integer> BROKEN = List.of(2, 6);

  @TempDir private Path directory;
  private TestStream stream;
  private String version = "";
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void start() {
    stream =
        new TestStream(
            directory, Settings.load(Optional.empty(), Map.of("topics.partitions", "1"), Map.of()));
    version = new ModelStore(stream.models()).live();
    send(TestStream.TOPICS.images());
  }

  private void send(String topic) {
    for (int number = 0; number < 12; number++) {
      UnaryOperator<Image> change =
          BROKEN.contains(number) ? RetagMissingTest::broken : UnaryOperator.identity();
      stream.send(topic, number, number + 1, change);
    }
  }

  private static Image broken(Image image) {
    image.setContent(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    return image;
  }

  @AfterEach
  void stop() {
    stream.close();
  }

  private KafkaProducer<byte[], byte[]> producer(Map<String, String> more) {
    Properties properties = stream.connection().producerProperties();
    properties.putAll(more);
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private static ProducerRecord<byte[], byte[]> prediction(int number) {
    return new ProducerRecord<>(
        TestStream.TOPICS.predictions(),
        WireFormat.of(Prediction.class)
            .encode(
                Prediction.newBuilder()
                    .setImageId("scene-" + number)
                    .setModelVersion("earlier")
                    .setTags(List.of())
                    .setViews(1)
                    .setSource(new Source(TestStream.TOPICS.images(), 0, (long) number))
                    .setAppendedAt(Instant.EPOCH)
                    .setDecodedAt(Instant.EPOCH)
                    .setPredictedAt(Instant.EPOCH)
                    .build()));
  }

  private static ProducerRecord<byte[], byte[]> rejection(int number) {
    return new ProducerRecord<>(
        TestStream.TOPICS.rejectedImages(),
        WireFormat.of(Rejection.class)
            .encode(
                Rejection.newBuilder()
                    .setImageId("scene-" + number)
                    .setStage("decode")
                    .setReason("broken")
                    .setSource(new Source(TestStream.TOPICS.images(), 0, (long) number))
                    .setContent(ByteBuffer.allocate(0))
                    .setRejectedAt(Instant.EPOCH)
                    .build()));
  }

  private int retag(StringWriter out, String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--bootstrap-server",
                stream.bootstrapServer(),
                "--models",
                stream.models().toString(),
                "--model",
                version,
                "--missing"));
    arguments.addAll(List.of(options));
    return new CommandLine(new RetagCommand())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              err.append(failure.getMessage()).append('\n');
              return failure instanceof UsageException ? 2 : 1;
            })
        .execute(arguments.toArray(new String[0]));
  }

  private String retag(String... options) {
    StringWriter out = new StringWriter();
    assertThat(retag(out, options)).as(() -> err.toString()).isZero();
    return out.toString();
  }

  private List<Long> answered() {
    List<Long> offsets = new ArrayList<>();
    stream.allPredictions().forEach(one -> offsets.add(one.getSource().getOffset()));
    stream.allRejections().forEach(one -> offsets.add(one.getSource().getOffset()));
    return offsets;
  }

  private static Long[] upTo(int end) {
    Long[] offsets = new Long[end];
    for (int i = 0; i < end; i++) {
      offsets[i] = (long) i;
    }
    return offsets;
  }

  @Test
  void imagesWithoutACommittedAnswerGetOneAndASecondRunAddsNone() throws Exception {
    try (KafkaProducer<byte[], byte[]> committed = producer(Map.of());
        KafkaProducer<byte[], byte[]> aborted = producer(Map.of("transactional.id", "aborted"))) {
      committed.send(prediction(0)).get();
      committed.send(prediction(4)).get();
      committed.send(rejection(2)).get();
      aborted.initTransactions();
      aborted.beginTransaction();
      aborted.send(prediction(1)).get();
      aborted.send(rejection(6)).get();
      aborted.abortTransaction();
    }
    assertThat(retag("--from-offsets", "0:0", "--to", TestStream.TOPICS.predictions()))
        .contains("8 images tagged", "8 predictions sent to predictions")
        .contains("1 could not be read and went to rejected-images");
    assertThat(answered()).containsExactlyInAnyOrder(upTo(12));
    assertThat(stream.rejections(2).get(1).getContent().remaining()).isPositive();
    assertThat(retag("--from-offsets", "0:0", "--to", TestStream.TOPICS.predictions()))
        .contains("0 images tagged");
    assertThat(answered()).containsExactlyInAnyOrder(upTo(12));
  }

  @Test
  void imagesInAnOpenTransactionAreNotMissing() throws Exception {
    try (KafkaProducer<byte[], byte[]> open = producer(Map.of("transactional.id", "open"))) {
      open.initTransactions();
      open.beginTransaction();
      open.send(prediction(0)).get();
      assertThat(
              retag(
                  new StringWriter(),
                  "--from-offsets",
                  "0:0",
                  "--to",
                  TestStream.TOPICS.predictions(),
                  "--wait",
                  "1 s"))
          .isEqualTo(1);
      assertThat(err.toString()).contains("transactions", "predictions-0", "start the job");
      open.commitTransaction();
    }
    retag("--from-offsets", "0:0", "--to", TestStream.TOPICS.predictions());
    assertThat(answered()).containsExactlyInAnyOrder(upTo(12));
  }

  @Test
  void imagesThatTheJobHasNotReadAreNotMissingUnlessRequested() throws Exception {
    try (Admin admin = stream.connection().admin()) {
      admin
          .alterConsumerGroupOffsets(
              "tagstream-pictures",
              Map.of(new TopicPartition(TestStream.TOPICS.images(), 0), new OffsetAndMetadata(5)))
          .all()
          .get();
    }
    retag("--from-offsets", "0:0", "--name", "pictures", "--to", TestStream.TOPICS.predictions());
    assertThat(answered()).containsExactlyInAnyOrder(upTo(5));
    retag(
        "--from-offsets",
        "0:0",
        "--to-offsets",
        "0:7",
        "--name",
        "pictures",
        "--to",
        TestStream.TOPICS.predictions());
    assertThat(answered()).containsExactlyInAnyOrder(upTo(7));
  }

  @Test
  void labelledImagesAreSelectedByTheirOwnOffsets() {
    send(TestStream.TOPICS.labeledImages());
    retag("--labeled", "--from-offsets", "0:9", "--to", TestStream.TOPICS.predictions());
    assertThat(stream.allPredictions())
        .hasSize(3)
        .allSatisfy(
            prediction -> {
              assertThat(prediction.getSource().getTopic())
                  .isEqualTo(TestStream.TOPICS.labeledImages());
              assertThat(prediction.getLabel()).isPresent();
            });
  }

  @Test
  void changedOnlyExcludesMissing() {
    assertThat(
            retag(new StringWriter(), "--changed-only", "--from-offsets", "0:0", "--to", "again"))
        .isEqualTo(2);
    assertThat(err.toString()).contains("--changed-only and --missing");
  }
}
