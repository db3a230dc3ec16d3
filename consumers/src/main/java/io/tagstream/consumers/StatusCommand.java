package io.tagstream.consumers;

import io.tagstream.model.ModelException;
import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.RetrainStatus;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.KafkaOptions;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Printable;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tagstream status}: shows the state of the job and the stream. */
@Command(
    name = "status",
    description =
        "Show the state of the job, the live version, the lag, the rejections and the training.")
public final class StatusCommand implements Runnable {
  @Spec private CommandSpec spec;
  @Mixin StandardOptions standard = new StandardOptions();
  @Mixin private KafkaOptions kafka = new KafkaOptions();

  @Option(
      names = "--models",
      paramLabel = "PATH",
      description =
          "The model store; with it the job, its live version and its training are shown.")
  private Optional<Path> models = Optional.empty();

  @Option(
      names = "--name",
      paramLabel = "N",
      description =
          "The job's name (default: the one job of the model store, else "
              + Topics.DEFAULT_JOB
              + ").")
  private Optional<String> name = Optional.empty();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public void run() {
    String job = job();
    Topics topics = kafka.topics();
    KafkaConnection connection = kafka.connection(kafka.settings());
    PrintWriter out = spec.commandLine().getOut();
    try {
      if (json) {
        out.println(new StatusJson(job, models).of(read(connection, topics, job)));
      } else {
        // The job's lines need no Kafka, so they come first: in an outage they are all there is.
        jobLines(job).forEach(line -> out.println(Printable.of(line)));
        out.flush();
        print(out, read(connection, topics, job));
      }
    } catch (UserException e) {
      if (json) {
        out.println(new StatusJson(job, models).without(e.getMessage()));
      }
      throw e;
    } finally {
      out.flush();
    }
  }

  /** The requested job, else the only job that has written its status into the store. */
  private String job() {
    if (name.isPresent()) {
      return name.get();
    }
    List<String> jobs = models.map(JobStatus::jobs).orElse(List.of());
    if (jobs.size() < 2) {
      return jobs.isEmpty() ? Topics.DEFAULT_JOB : jobs.get(0);
    }
    if (jobs.contains(Topics.DEFAULT_JOB)) {
      return Topics.DEFAULT_JOB;
    }
    throw new UsageException(
        "the store has the status of several jobs, %s: choose one with --name"
            .formatted(String.join(", ", jobs)));
  }

  private List<String> jobLines(String job) {
    if (models.isEmpty()) {
      return List.of();
    }
    List<String> lines = new ArrayList<>();
    try {
      JobStatus.read(models.get(), job)
          .ifPresentOrElse(
              status -> lines.addAll(new JobText(status, Instant.now()).lines()),
              () ->
                  lines.add(
                      "job %s: no status in %s; it has not run with this store, or an earlier release runs it"
                          .formatted(job, models.get())));
    } catch (ModelException e) {
      lines.add("job %s: its status is unknown: %s".formatted(job, e.getMessage()));
    }
    lines.add("live version: " + liveText(models.get()));
    return lines;
  }

  private static StreamStatus read(KafkaConnection connection, Topics topics, String job) {
    connection.requireTopics(
        List.of(topics.images(), topics.labeledImages(), topics.labels(), topics.rejectedImages()));
    Map<String, Long> rejected = rejected(connection, topics.rejectedImages());
    try (Admin admin = connection.admin()) {
      return read(admin, topics, job, rejected);
    }
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

  private static StreamStatus read(
      Admin admin, Topics topics, String job, Map<String, Long> rejected) {
    List<TopicPartition> partitions =
        TopicPartitions.of(
            admin, List.of(topics.images(), topics.labeledImages(), topics.labels()));
    Map<TopicPartition, Long> committed = committed(admin, job);
    return new StreamStatus(
        job,
        !committed.isEmpty(),
        StreamStatus.lag(
            offsets(admin, partitions, OffsetSpec.latest()),
            offsets(admin, partitions, OffsetSpec.earliest()),
            committed),
        rejected,
        oldestOpen(admin, topics));
  }

  /**
   * A user may have the right to see offsets but not transactions; the other parts are then still
   * shown.
   */
  private static StreamStatus.Open oldestOpen(Admin admin, Topics topics) {
    try {
      return new StreamStatus.Open(
          OpenTransactions.oldest(
              admin, List.of(topics.predictions(), topics.rejectedImages(), topics.modelUpdates())),
          Optional.empty());
    } catch (UserException e) {
      return new StreamStatus.Open(Optional.empty(), Optional.of(e.getMessage()));
    }
  }

  private static Map<TopicPartition, Long> offsets(
      Admin admin, Collection<TopicPartition> partitions, OffsetSpec which) {
    Map<TopicPartition, ListOffsetsResultInfo> found =
        BrokerResponse.of(
            admin
                .listOffsets(
                    partitions.stream()
                        .collect(Collectors.toMap(Function.identity(), partition -> which)))
                .all());
    Map<TopicPartition, Long> offsets = new HashMap<>();
    found.forEach((partition, info) -> offsets.put(partition, info.offset()));
    return offsets;
  }

  private static Map<TopicPartition, Long> committed(Admin admin, String job) {
    KafkaFuture<Map<TopicPartition, OffsetAndMetadata>> asked =
        admin.listConsumerGroupOffsets(Topics.consumerGroup(job)).partitionsToOffsetAndMetadata();
    Map<TopicPartition, Long> committed = new HashMap<>();
    try {
      BrokerResponse.of(asked)
          .forEach(
              (partition, offset) ->
                  Optional.ofNullable(offset)
                      .ifPresent(known -> committed.put(partition, known.offset())));
      return committed;
    } catch (UserException e) {
      if (e.getCause() instanceof GroupIdNotFoundException) {
        return Map.of();
      }
      throw e;
    }
  }

  private void print(PrintWriter out, StreamStatus status) {
    out.println("oldest open transaction: " + Printable.of(status.open().text(status.job())));
    status.lag().forEach((topic, records) -> out.printf("waiting in %s: %d%n", topic, records));
    if (!status.started()) {
      out.printf("the job %s has not read anything yet%n", Printable.of(status.job()));
    }
    out.println("rejected: " + Printable.of(status.rejectedText()));
    models
        .flatMap(path -> RetrainStatus.read(path, status.job()))
        .map(retraining -> new RetrainingText(retraining, Instant.now()))
        .ifPresent(
            retraining -> retraining.lines().forEach(line -> out.println(Printable.of(line))));
  }

  /** A store without a live version is not an error here; the message says what to do. */
  private static String liveText(Path models) {
    try {
      return new ModelStore(models).live();
    } catch (ModelException e) {
      return "none: " + e.getMessage();
    }
  }
}
