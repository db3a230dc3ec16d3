package io.tagstream.job.retrain;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.KafkaOptions;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.RecordText;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.RetrainSettings;
import io.tagstream.settings.Settings;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.UserException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tagstream retrain}. */
@Command(
    name = "retrain",
    description = {
      "Ask the running job to train now, on everything in its training store.",
      "A job that runs without --training-store ignores the request."
    })
public final class RetrainCommand implements Runnable {
  @Spec private CommandSpec spec;
  @Mixin StandardOptions standard = new StandardOptions();
  @Mixin private KafkaOptions kafka = new KafkaOptions();

  @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for the record.")
  private Optional<String> reason = Optional.empty();

  @Option(
      names = "--by",
      paramLabel = "NAME",
      description = "Who asks, for the record (default: this user).")
  private String by = System.getProperty("user.name", "");

  @Override
  public void run() {
    try {
      RecordText.require("--by", by);
      reason.ifPresent(text -> RecordText.require("--reason", text));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    Settings settings = kafka.settings();
    KafkaConnection connection = kafka.connection(settings);
    String topic = kafka.topics().modelUpdates();
    connection.requireTopics(List.of(topic));
    String id = "request-" + UUID.randomUUID();
    ModelUpdate request =
        ModelUpdate.newBuilder()
            .setStatus(ModelStatus.REQUESTED.word())
            .setBy(by)
            .setReason(reason.orElse(null))
            .setAt(Instant.now())
            .build();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            connection.producerProperties(),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer
          .send(
              new ProducerRecord<>(
                  topic, id.getBytes(UTF_8), WireFormat.of(ModelUpdate.class).encode(request)))
          .get();
    } catch (ExecutionException e) {
      throw new UserException(
          "the broker refused the request: " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted before the broker confirmed the request", e);
    }
    spec.commandLine().getOut().println(id);
    spec.commandLine()
        .getErr()
        .printf(
            "requested: a run starts once no other run is in progress and %d images are held out to"
                + " judge it; the new version goes live only if it is no worse; ./tagstream status"
                + " --models PATH shows it%n",
            settings.get(RetrainSettings.class).minHeldOut());
    spec.commandLine().getOut().flush();
    spec.commandLine().getErr().flush();
  }
}
