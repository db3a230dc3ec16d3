package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.JobRequest;
import io.tagstream.job.JobRunner;
import io.tagstream.job.RunningJob;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.image.Views;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Sha256;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UserException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Records whose compressed size fits the images topic, but whose rejection would fit no topic. */
@Timeout(240)
final class RecordLimitsTest {
  private static final int UNPACKED = 25 << 20;

  private final Settings settings =
      Settings.load(
          Optional.empty(),
          Map.of(
              "checkpoint.interval", "500 ms",
              "topics.partitions", "1",
              "restart.attempts", "1",
              "restart.initial-delay", "10 ms",
              "restart.max-delay", "10 ms"),
          Map.of());

  @TempDir private Path directory;
  private TestStream stream;

  @BeforeEach
  void start() {
    stream = new TestStream(directory, settings);
  }

  @AfterEach
  void stop() {
    stream.close();
  }

  private JobRequest request() {
    return new JobRequest(
        stream.connection(),
        TestStream.TOPICS,
        stream.models(),
        Optional.of(directory.resolve("training").toString()),
        stream.checkpoints().toUri().toString(),
        "test",
        EngineKind.DEEPLEARNING4J,
        Device.CPU,
        Views.CENTER,
        new Wish(false, false),
        settings);
  }

  private void set(String topic, String name, long value) throws Exception {
    try (Admin admin = stream.connection().admin()) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.TOPIC, topic),
                  List.of(
                      new AlterConfigOp(
                          new ConfigEntry(name, Long.toString(value)), AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
  }

  /**
   * Lifts the limit of the decompressed size, which topics of earlier releases and of brokers
   * before 4.2.2 do not have.
   */
  private void letAnythingUnpack(String topic) throws Exception {
    set(topic, TopicConfig.MAX_DECOMPRESSED_MESSAGE_BYTES_CONFIG, 1 << 30);
  }

  /** Sends a record, compressed, and waits for the broker. */
  private void sendCompressed(String topic, byte[] value) throws Exception {
    Properties properties = stream.connection().producerProperties();
    properties.setProperty(ProducerConfig.COMPRESSION_TYPE_CONFIG, "gzip");
    properties.setProperty(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.toString(2 * UNPACKED));
    properties.setProperty(ProducerConfig.BUFFER_MEMORY_CONFIG, Integer.toString(2 * UNPACKED));
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topic, value)).get();
    }
  }

  private static byte[] largeImage() {
    return WireFormat.of(Image.class)
        .encode(
            Image.newBuilder()
                .setId("bomb")
                .setContent(ByteBuffer.allocate(UNPACKED))
                .setAttributes(Map.of())
                .build());
  }

  private static void assertOmitted(Rejection rejection, byte[] value) {
    assertThat(rejection.getContent().remaining()).isZero();
    assertThat(rejection.getContentBytes()).contains((long) value.length);
    assertThat(rejection.getContentSha256()).contains(ByteBuffer.wrap(Sha256.of(value)));
  }

  @Test
  void aRecordThatDecompressesBeyondTheLimitIsRejectedWithoutItsContent() throws Exception {
    for (String topic : List.of("images", "labels")) {
      letAnythingUnpack(topic);
    }
    byte[] image = largeImage();
    sendCompressed(TestStream.TOPICS.images(), image);
    sendCompressed(TestStream.TOPICS.labels(), new byte[UNPACKED]);
    stream.send(TestStream.TOPICS.images(), 0, 5);
    try (RunningJob job = JobRunner.start(request())) {
      assertThat(stream.predictions(5).stream().map(Prediction::getImageId))
          .containsExactlyInAnyOrderElementsOf(TestStream.ids(0, 5).toList());
      List<Rejection> rejections = stream.rejections(2);
      assertThat(rejections)
          .filteredOn(rejection -> rejection.getSource().getTopic().equals("images"))
          .singleElement()
          .satisfies(
              rejection -> {
                assertThat(rejection.getStage()).isEqualTo("limit");
                assertThat(rejection.getImageId()).contains("bomb");
                assertThat(rejection.getSource().getOffset()).isZero();
                assertOmitted(rejection, image);
              });
      assertThat(rejections)
          .filteredOn(rejection -> rejection.getSource().getTopic().equals("labels"))
          .singleElement()
          .satisfies(rejection -> assertOmitted(rejection, new byte[UNPACKED]));
      assertThat(job.stop()).isPresent();
    }
  }

  @Test
  void aSmallerTopicForRejectionsHasLessContent() throws Exception {
    set("rejected-images", TopicConfig.MAX_MESSAGE_BYTES_CONFIG, 10_000);
    sendCompressed(TestStream.TOPICS.images(), new byte[9_000]);
    sendCompressed(TestStream.TOPICS.images(), new byte[11_000]);
    try (RunningJob job = JobRunner.start(request())) {
      List<Rejection> rejections = stream.rejections(2);
      assertThat(rejections.get(0).getContent().remaining()).isEqualTo(9_000);
      assertThat(rejections.get(0).getContentBytes()).isEmpty();
      assertOmitted(rejections.get(1), new byte[11_000]);
      // The limit is lowered while the job runs: one write fails, then the job reads the limit
      // again.
      set("rejected-images", TopicConfig.MAX_MESSAGE_BYTES_CONFIG, 9_000);
      sendCompressed(TestStream.TOPICS.images(), new byte[9_000]);
      assertOmitted(stream.rejections(3).get(2), new byte[9_000]);
      assertThat(job.stop()).isPresent();
    }
  }

  @Test
  void aTopicTooSmallForAnyRejectionIsRefusedAtTheStart() throws Exception {
    set("rejected-images", TopicConfig.MAX_MESSAGE_BYTES_CONFIG, 5_000);
    assertThatThrownBy(() -> JobRunner.start(request()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("rejected-images accepts records of at most 5000 bytes");
  }

  @Test
  void aModelWhosePredictionsExceedTheTopicsLimitIsRefusedAtTheStart() throws Exception {
    set("predictions", TopicConfig.MAX_MESSAGE_BYTES_CONFIG, 3_000);
    stream.send(TestStream.TOPICS.images(), 0, 1);
    try (RunningJob job = JobRunner.start(request())) {
      assertThatThrownBy(job::await)
          .isInstanceOf(UserException.class)
          .hasMessageContaining("its labels are so long")
          .hasMessageContaining("predictions");
    }
  }

  @Test
  void newTopicsAcceptNoMoreThanTheJobCanRead() {
    assertThatThrownBy(() -> sendCompressed(TestStream.TOPICS.images(), largeImage()))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(InvalidRecordException.class);
  }
}
