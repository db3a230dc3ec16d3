package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tagstream.job.JobRequest;
import io.tagstream.job.JobRunner;
import io.tagstream.job.RunningJob;
import io.tagstream.job.retag.RetagCommand;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.ModelStore;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Tag;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UsageException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Tagging a range of images again, compared with the job's earlier predictions. */
@Timeout(180)
final class RetagTest {
  private static final int IMAGES = 40;
  private static final String EARLIER = "earlier";

  @TempDir private Path directory;

  private final Settings settings =
      Settings.load(
          Optional.empty(),
          Map.of("topics.partitions", "2", "checkpoint.interval", "500 ms"),
          Map.of());
  private final StringWriter err = new StringWriter();

  @Test
  void theSameVersionPredictsTheSameForEachImageInTheRange() throws Exception {
    try (TestStream stream = new TestStream(directory, settings)) {
      Map<String, Prediction> said = tagAll(stream);
      String version = new ModelStore(stream.models()).live();
      stream.send(
          TestStream.TOPICS.images(),
          IMAGES,
          IMAGES + 1,
          image -> {
            image.setContent(ByteBuffer.wrap(new byte[] {1, 2, 3}));
            return image;
          });
      long lastOfFirst = count(said, 0) - 1;

      String line =
          retag(
              stream,
              version,
              "--from-offsets",
              "0:3,1:0",
              "--to-offsets",
              "0:" + lastOfFirst,
              "--to",
              "again");

      List<Prediction> again = stream.allPredictions("again");
      assertThat(again.stream().map(Prediction::getImageId))
          .containsExactlyInAnyOrderElementsOf(
              said.values().stream()
                  .filter(
                      prediction ->
                          prediction.getSource().getPartition() == 1
                              || (prediction.getSource().getOffset() >= 3
                                  && prediction.getSource().getOffset() < lastOfFirst))
                  .map(Prediction::getImageId)
                  .toList());
      assertThat(again).allSatisfy(prediction -> assertSameTags(prediction, said));
      assertThat(line)
          .startsWith("%d images tagged with %s".formatted(again.size(), version))
          .contains("sent to again");
    }
  }

  private static void assertSameTags(Prediction again, Map<String, Prediction> said) {
    Prediction before = said.get(again.getImageId());
    assertThat(again.getSupersedes()).isEmpty();
    assertThat(again.getSource()).isEqualTo(before.getSource());
    assertThat(again.getModelVersion()).isEqualTo(before.getModelVersion());
    for (int i = 0; i < 5; i++) {
      assertThat(again.getTags().get(i).getLabel()).isEqualTo(before.getTags().get(i).getLabel());
      assertThat(again.getTags().get(i).getProbability())
          .isEqualTo(before.getTags().get(i).getProbability(), within(1e-5f));
    }
  }

  @Test
  void correctionsNameTheSupersededVersionAndASecondRunAddsNone() throws Exception {
    try (TestStream stream = new TestStream(directory, settings)) {
      Map<String, Prediction> said = tagAll(stream);
      String version = new ModelStore(stream.models()).live();
      List<String> wrong = said.keySet().stream().sorted().limit(IMAGES / 2).toList();
      for (String id : wrong) {
        overrule(stream, said.get(id));
      }
      String[] correction = {
        "--from-offsets", "0:0,1:0", "--changed-only", "--to", TestStream.TOPICS.predictions()
      };

      String line = retag(stream, version, correction);

      List<Prediction> corrections =
          stream.allPredictions().stream()
              .filter(prediction -> prediction.getSupersedes().isPresent())
              .toList();
      assertThat(corrections.stream().map(Prediction::getImageId))
          .containsExactlyInAnyOrderElementsOf(wrong);
      assertThat(corrections)
          .allSatisfy(
              prediction -> {
                assertThat(prediction.getSupersedes()).contains(EARLIER);
                assertThat(prediction.getModelVersion()).isEqualTo(version);
                assertThat(prediction.getTags().get(0).getLabel())
                    .isEqualTo(said.get(prediction.getImageId()).getTags().get(0).getLabel());
              });
      assertThat(line)
          .contains(
              "%d images tagged".formatted(IMAGES), "%d predictions sent".formatted(wrong.size()));
      // The corrections are now the latest predictions.
      assertThat(retag(stream, version, correction)).contains(" 0 predictions sent");
    }
  }

  /** Writes a different prediction, as if another version had tagged the image later. */
  private static void overrule(TestStream stream, Prediction prediction) throws Exception {
    WireFormat<Prediction> format = WireFormat.of(Prediction.class);
    Prediction otherwise = format.decode(format.encode(prediction));
    otherwise.setModelVersion(EARLIER);
    otherwise.setTags(List.of(new Tag("something else", 0, 1f)));
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            stream.connection().producerProperties(),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer
          .send(
              new ProducerRecord<>(
                  TestStream.TOPICS.predictions(),
                  prediction.getImageId().getBytes(StandardCharsets.UTF_8),
                  format.encode(otherwise)))
          .get();
    }
  }

  @Test
  void aMissingRangeIsRefused() throws Exception {
    try (TestStream stream = new TestStream(directory, settings)) {
      String version = new ModelStore(stream.models()).live();
      assertThat(run(stream, version, "--from-offsets", "0:1", "--to", "again")).isEqualTo(1);
      assertThat(err.toString())
          .contains("images-0 ends at offset 0, before the requested offset 1");
      assertThat(run(stream, version, "--from-offsets", "7:0", "--to", "again")).isEqualTo(1);
      assertThat(err.toString()).contains("images has no partition 7; its partitions are 0 to 1");
      assertThat(run(stream, version, "--from-offsets", "0", "--to", "again")).isEqualTo(2);
      assertThat(
              run(stream, version, "--from-offsets", "0:0", "--to-offsets", "1:0", "--to", "again"))
          .isEqualTo(2);
      assertThat(err.toString())
          .contains("--from-offsets expects PARTITION:OFFSET", "--from-offsets does not");
      assertThat(retag(stream, version, "--from-offsets", "0:0,1:0", "--to", "again"))
          .isEqualTo("no images in the range\n");
    }
  }

  private Map<String, Prediction> tagAll(TestStream stream) throws Exception {
    stream.send(TestStream.TOPICS.images(), 0, IMAGES);
    JobRequest request =
        new JobRequest(
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
    try (RunningJob job = JobRunner.start(request)) {
      Map<String, Prediction> said = byId(stream.predictions(IMAGES));
      assertThat(job.stop()).isPresent();
      return said;
    }
  }

  private static Map<String, Prediction> byId(List<Prediction> predictions) {
    return predictions.stream()
        .collect(Collectors.toMap(Prediction::getImageId, Function.identity()));
  }

  private static long count(Map<String, Prediction> predictions, int partition) {
    return predictions.values().stream()
        .filter(prediction -> prediction.getSource().getPartition() == partition)
        .count();
  }

  private String retag(TestStream stream, String version, String... options) {
    StringWriter out = new StringWriter();
    assertThat(run(stream, version, out, options)).as(err.toString()).isZero();
    return out.toString();
  }

  private int run(TestStream stream, String version, String... options) {
    return run(stream, version, new StringWriter(), options);
  }

  private int run(TestStream stream, String version, StringWriter out, String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--bootstrap-server",
                stream.bootstrapServer(),
                "--models",
                stream.models().toString(),
                "--model",
                version));
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
}
