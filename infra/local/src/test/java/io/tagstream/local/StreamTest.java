package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.JobRequest;
import io.tagstream.job.JobRunner;
import io.tagstream.job.RunningJob;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.image.Views;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.settings.Settings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Broker, job, producer and reader in one JVM. */
@Timeout(180)
final class StreamTest {
  @TempDir Path directory;

  private final Settings settings =
      Settings.load(Optional.empty(), Map.of("checkpoint.interval", "500 ms"), Map.of());

  @Test
  void tagsEachImageOnceAcrossAStopAndARestart() throws Exception {
    try (TestStream stream = new TestStream(directory, settings)) {
      try (RunningJob job = JobRunner.start(request(stream))) {
        stream.send(TestStream.TOPICS.images(), 0, 20);
        stream.send(TestStream.TOPICS.labeledImages(), 20, 30);
        assertThat(stream.predictions(30)).hasSize(30);
        // Some of these are still in flight when the job stops.
        stream.send(TestStream.TOPICS.images(), 30, 50);
        assertThat(job.stop()).isPresent();
      }
      try (RunningJob job = JobRunner.start(request(stream))) {
        assertThat(stream.predictions(50)).hasSize(50);
        assertThat(job.stop()).isPresent();
        // Reads to the end, because a duplicate prediction would arrive late.
        List<Prediction> all = stream.allPredictions();
        assertThat(all.stream().map(Prediction::getImageId))
            .containsExactlyInAnyOrderElementsOf(TestStream.ids(0, 50).toList());
        assertThat(all.stream().map(Prediction::getSource)).doesNotHaveDuplicates();
        assertThat(all)
            .allSatisfy(
                prediction -> {
                  assertThat(prediction.getTags()).hasSize(5);
                  assertThat(prediction.getViews()).isEqualTo(2);
                });
      }
    }
  }

  @Test
  void rejectsBadRecordsByStageAndContinues() throws Exception {
    try (TestStream stream = new TestStream(directory, settings)) {
      sendRaw(stream, "no Avro at all".getBytes(StandardCharsets.UTF_8));
      stream.send(
          TestStream.TOPICS.images(),
          0,
          1,
          image -> {
            image.setContent(ByteBuffer.wrap("no picture".getBytes(StandardCharsets.UTF_8)));
            return image;
          });
      stream.send(
          TestStream.TOPICS.images(),
          1,
          2,
          image -> {
            ByteBuffer whole = image.getContent().orElseThrow();
            image.setContent(whole.slice(0, whole.remaining() / 2));
            return image;
          });
      stream.send(TestStream.TOPICS.images(), 2, 7);
      try (RunningJob job = JobRunner.start(request(stream))) {
        assertThat(stream.predictions(5).stream().map(Prediction::getImageId))
            .containsExactlyInAnyOrderElementsOf(TestStream.ids(2, 7).toList());
        List<Rejection> rejections = stream.rejections(3);
        assertThat(rejections.stream().map(Rejection::getStage))
            .containsExactlyInAnyOrder("avro", "decode", "decode");
        assertThat(rejections)
            .filteredOn(rejection -> rejection.getStage().equals("avro"))
            .singleElement()
            .satisfies(
                rejection -> {
                  assertThat(rejection.getImageId()).isEmpty();
                  assertThat(StandardCharsets.UTF_8.decode(rejection.getContent()).toString())
                      .isEqualTo("no Avro at all");
                });
        assertThat(job.stop()).isPresent();
      }
    }
  }

  private JobRequest request(TestStream stream) {
    return new JobRequest(
        stream.connection(),
        TestStream.TOPICS,
        stream.models(),
        Optional.empty(),
        stream.checkpoints().toUri().toString(),
        "test",
        EngineKind.DEEPLEARNING4J,
        Device.CPU,
        Views.CENTER_AND_FLIP,
        new Wish(false, false),
        settings);
  }

  private static void sendRaw(TestStream stream, byte[] value)
      throws ExecutionException, InterruptedException {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            stream.connection().producerProperties(),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(TestStream.TOPICS.images(), value)).get();
    }
  }
}
