package io.tagstream.consumers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.tagstream.model.ModelException;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.RetrainStatus;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.KafkaOptions;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Printable;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tagstream status}: how the stream stands. */
@Command(
    name = "status",
    description = "Show the live version, the lag, the rejections and the training.")
public final class StatusCommand implements Runnable {
  private static final JsonFactory JSON = new JsonFactory();

  @Spec private CommandSpec spec;
  @Mixin StandardOptions standard = new StandardOptions();
  @Mixin private KafkaOptions kafka = new KafkaOptions();

  @Option(
      names = "--models",
      paramLabel = "PATH",
      description = "The model store, to show the live version and the training.")
  private Optional<Path> models = Optional.empty();

  @Option(
      names = "--name",
      paramLabel = "N",
      description = "The job's name (default: " + Topics.DEFAULT_JOB + ").")
  private String job = Topics.DEFAULT_JOB;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public void run() {
    Topics topics = kafka.topics();
    KafkaConnection connection = kafka.connection(kafka.settings());
    List<String> inputs = List.of(topics.images(), topics.labeledImages(), topics.labels());
    connection.requireTopics(
        List.of(topics.images(), topics.labeledImages(), topics.labels(), topics.rejectedImages()));
    Map<String, Long> rejected = rejected(connection, topics.rejectedImages());
    StreamStatus status;
    try (Admin admin = connection.admin()) {
      status = read(admin, inputs, rejected);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(json(status));
    } else {
      print(out, status);
    }
    out.flush();
  }

  private static Map<String, Long> rejected(KafkaConnection connection, String topic) {
    StreamStatus.StageCounts counts = new StreamStatus.StageCounts();
    try (TopicReader<Rejection> reader =
        TopicReader.open(connection, topic, WireFormat.of(Rejection.class))) {
      reader.read(
          TopicReader.Start.BEGINNING,
          TopicReader.Stop.END_AT_START,
          new TopicReader.Sink<>() {
            @Override
            public boolean record(Rejection rejection) {
              counts.add(rejection.getStage());
              return true;
            }

            @Override
            public boolean malformed(String where, String reason) {
              counts.add("unreadable");
              return true;
            }
          });
    }
    return counts.counts();
  }

  private StreamStatus read(Admin admin, List<String> inputs, Map<String, Long> rejected) {
    List<TopicPartition> partitions =
        await(admin.describeTopics(inputs).allTopicNames()).values().stream()
            .flatMap(
                topic ->
                    topic.partitions().stream()
                        .map(partition -> new TopicPartition(topic.name(), partition.partition())))
            .toList();
    Map<TopicPartition, Long> committed = committed(admin);
    return new StreamStatus(
        job,
        !committed.isEmpty(),
        StreamStatus.lag(
            offsets(admin, partitions, OffsetSpec.latest()),
            offsets(admin, partitions, OffsetSpec.earliest()),
            committed),
        rejected);
  }

  private static Map<TopicPartition, Long> offsets(
      Admin admin, Collection<TopicPartition> partitions, OffsetSpec which) {
    Map<TopicPartition, ListOffsetsResultInfo> found =
        await(
            admin
                .listOffsets(
                    partitions.stream()
                        .collect(Collectors.toMap(Function.identity(), partition -> which)))
                .all());
    Map<TopicPartition, Long> offsets = new HashMap<>();
    found.forEach((partition, info) -> offsets.put(partition, info.offset()));
    return offsets;
  }

  private Map<TopicPartition, Long> committed(Admin admin) {
    Map<TopicPartition, Long> committed = new HashMap<>();
    try {
      admin
          .listConsumerGroupOffsets(Topics.consumerGroup(job))
          .partitionsToOffsetAndMetadata()
          .get()
          .forEach(
              (partition, offset) ->
                  Optional.ofNullable(offset)
                      .ifPresent(known -> committed.put(partition, known.offset())));
      return committed;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GroupIdNotFoundException) {
        return Map.of();
      }
      throw refused(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private void print(PrintWriter out, StreamStatus status) {
    models.ifPresent(path -> out.println("live version: " + Printable.of(liveText(path))));
    status.lag().forEach((topic, records) -> out.printf("waiting in %s: %d%n", topic, records));
    if (!status.started()) {
      out.printf("the job %s has not read anything yet%n", Printable.of(status.job()));
    }
    out.println("rejected: " + Printable.of(status.rejectedText()));
    retraining()
        .ifPresent(
            retraining -> retraining.lines().forEach(line -> out.println(Printable.of(line))));
  }

  private String json(StreamStatus status) {
    StringWriter line = new StringWriter();
    try (JsonGenerator generator = JSON.createGenerator(line)) {
      generator.writeStartObject();
      generator.writeStringField("job", status.job());
      generator.writeBooleanField("started", status.started());
      generator.writeFieldName("liveVersion");
      Optional<String> live = models.flatMap(StatusCommand::live);
      if (live.isPresent()) {
        generator.writeString(live.get());
      } else {
        generator.writeNull();
      }
      write(generator, "lag", status.lag());
      write(generator, "rejected", status.rejected());
      generator.writeFieldName("retraining");
      Optional<RetrainingText> retraining = retraining();
      if (retraining.isPresent()) {
        retraining.get().writeTo(generator);
      } else {
        generator.writeNull();
      }
      generator.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return line.toString();
  }

  private static void write(JsonGenerator generator, String name, Map<String, Long> counts)
      throws IOException {
    generator.writeObjectFieldStart(name);
    for (Map.Entry<String, Long> count : counts.entrySet()) {
      generator.writeNumberField(count.getKey(), count.getValue());
    }
    generator.writeEndObject();
  }

  /** Empty without a store, or where no job of the name ever trained. */
  private Optional<RetrainingText> retraining() {
    return models
        .flatMap(path -> RetrainStatus.read(path, job))
        .map(status -> new RetrainingText(status, Instant.now()));
  }

  private static Optional<String> live(Path models) {
    try {
      return Optional.of(new ModelStore(models).live());
    } catch (ModelException e) {
      return Optional.empty();
    }
  }

  /** A store without a live version is a state like any other; the message says what to do. */
  private static String liveText(Path models) {
    try {
      return new ModelStore(models).live();
    } catch (ModelException e) {
      return "none: " + e.getMessage();
    }
  }

  private static <T> T await(KafkaFuture<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw refused(e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static UserException refused(ExecutionException e) {
    return new UserException("the broker refuses: " + e.getCause().getMessage(), e.getCause());
  }

  private static UserException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new UserException("interrupted while talking to the broker", e);
  }
}
