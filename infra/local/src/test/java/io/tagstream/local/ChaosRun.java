package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.tagstream.consumers.TopicReader;
import io.tagstream.job.retag.RetagCommand;
import io.tagstream.local.SteadyStream.Place;
import io.tagstream.model.store.ModelStore;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.TopicAdministration;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Program;
import io.tagstream.settings.Settings;
import io.tagstream.settings.TopicSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sends 30,000 images through a broker, a JobManager and TaskManagers, each in its own process, and
 * injects one fault after the other. {@code infra/chaos/run} runs it and prints the table.
 */
@Tag("long")
final class ChaosRun {
  private static final int IMAGES = Integer.getInteger("chaos.images", 30_000);
  private static final double IMAGES_PER_SECOND = 60;
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final Duration BETWEEN = Duration.ofSeconds(8);

  /** A command in a message; text may follow after a semicolon. */
  private static final Pattern RETAG = Pattern.compile("tagstream retag ([^;\\n]*)");

  /** A fault injected into the processes; its effect on the stream is observed from outside. */
  private interface Fault {
    void strike() throws Exception;
  }

  /**
   * One row of the table.
   *
   * @param recovered time from the end of the fault to the answer for the first image sent after it
   */
  private record Row(String fault, Instant from, String outcome, Optional<Duration> recovered) {}

  @TempDir private Path directory;

  private final List<Row> rows = new ArrayList<>();
  private final List<Process> taskManagers = new ArrayList<>();

  /** Committed answers by source. */
  private final Map<Place, Integer> answers = new ConcurrentHashMap<>();

  private final Set<String> versions = ConcurrentHashMap.newKeySet();

  /** The newest image with an answer. */
  private volatile Instant answeredUpTo = Instant.EPOCH;

  private final Path built = Path.of("../../flink-job/target").toAbsolutePath().normalize();
  private Path checkpoints;
  private boolean smallDisk;
  private BrokerProcess broker;
  private FlinkCluster cluster;
  private SteadyStream stream;
  private TopicReader<Prediction> reader;
  private Thread reading;

  private void setUp() throws Exception {
    Settings settings = Settings.load(Optional.empty(), Map.of("topics.partitions", "4"), Map.of());
    broker =
        new BrokerProcess(
            directory.resolve("kafka"), Map.of("transaction.max.timeout.ms", "7200000"));
    try (Admin admin = broker.connection().admin()) {
      new TopicAdministration(admin).ensure(TestStream.TOPICS, settings.get(TopicSettings.class));
    }
    checkpoints = Files.createDirectory(directory.resolve("checkpoints"));
    smallDisk = run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", checkpoints.toString());
    TestStream.writeModel(new ModelStore(models()), 1, 1.0 / 16);
    cluster =
        FlinkCluster.start(
            Files.createDirectory(directory.resolve("flink")),
            built.resolve("lib"),
            0,
            """
            heartbeat.interval: 2000
            heartbeat.timeout: 8000
            taskmanager.load-balance.mode: SLOTS
            """);
    for (int number = 0; number < 2; number++) {
      taskManagers.add(cluster.startTaskManager());
    }
    cluster.awaitSlots(4);
    stream = new SteadyStream(broker.connection(), TestStream.TOPICS.images(), IMAGES_PER_SECOND);
    reader =
        TopicReader.open(
            broker.connection(), TestStream.TOPICS.predictions(), WireFormat.of(Prediction.class));
    reading = new Thread(this::readAnswers, "answers");
    reading.start();
  }

  @AfterEach
  void tearDown() throws Exception {
    if (stream != null) {
      stream.end();
    }
    if (reader != null) {
      reader.stop();
      reading.join();
      reader.close();
    }
    if (cluster != null) {
      cluster.close();
    }
    if (broker != null) {
      broker.end();
    }
    if (smallDisk) {
      run("umount", checkpoints.toString());
    }
  }

  private Path models() {
    return directory.resolve("models");
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
  }

  private void readAnswers() {
    reader.read(
        TopicReader.Start.BEGINNING,
        TopicReader.Stop.NEVER,
        new TopicReader.Sink<>() {
          @Override
          public boolean record(Prediction prediction) {
            answers.merge(place(prediction), 1, Integer::sum);
            versions.add(prediction.getModelVersion());
            if (prediction.getAppendedAt().isAfter(answeredUpTo)) {
              answeredUpTo = prediction.getAppendedAt();
            }
            return true;
          }

          @Override
          public boolean malformed(String where, String reason) {
            throw new AssertionError(where + ": " + reason);
          }
        });
  }

  private static Place place(Prediction prediction) {
    return new Place(prediction.getSource().getPartition(), prediction.getSource().getOffset());
  }

  private void submit(int parallelism, Optional<String> from, String... more) throws Exception {
    Stream<String> options =
        Stream.concat(
            Stream.of("-p", Integer.toString(parallelism)),
            from.stream().flatMap(savepoint -> Stream.of("-s", savepoint)));
    Stream<String> arguments =
        Stream.of(
            "--bootstrap-server",
            broker.relayedServer(),
            "--models",
            models().toString(),
            "--checkpoints",
            checkpoints.toUri().toString(),
            "--views",
            "1",
            "--set",
            "checkpoint.interval=2 s",
            "--set",
            "restart.max-delay=5 s",
            "--set",
            "inference.parallelism=" + parallelism);
    cluster.submit(
        options.toList(),
        built.resolve("tagstream-job.jar"),
        Stream.concat(arguments, Stream.of(more)).toList());
  }

  /** The newest job's id and state. */
  private JsonNode job() throws InterruptedException {
    JsonNode newest = null;
    for (JsonNode job : cluster.ask("/jobs/overview").orElseThrow().path("jobs")) {
      if (newest == null || job.path("start-time").asLong() > newest.path("start-time").asLong()) {
        newest = job;
      }
    }
    return newest;
  }

  private String state() throws InterruptedException {
    return job().path("state").asText();
  }

  private Optional<Duration> awaitAnswersSince(Instant since) throws InterruptedException {
    Instant deadline = Instant.now().plus(PATIENCE);
    while (Instant.now().isBefore(deadline)) {
      if (answeredUpTo.isAfter(since)) {
        return Optional.of(Duration.between(since, Instant.now()));
      }
      if (state().equals("FAILED")) {
        return Optional.empty();
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    return Optional.empty();
  }

  private void strike(String name, Fault fault) throws Exception {
    Instant from = Instant.now();
    fault.strike();
    Optional<Duration> recovered = awaitAnswersSince(Instant.now());
    rows.add(new Row(name, from, recovered.isPresent() ? "survived" : "job " + state(), recovered));
    System.out.printf("%s: %s%n", name, recovered);
    assertThat(recovered).as(name).isPresent();
    TimeUnit.MILLISECONDS.sleep(BETWEEN.toMillis());
  }

  private void killTaskManager(int number) throws Exception {
    taskManagers.get(number).destroyForcibly().waitFor();
    taskManagers.set(number, cluster.startTaskManager());
  }

  private void pause(Duration time) throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(time.toMillis());
  }

  private void withoutBroker(Duration time) throws Exception {
    broker.stop();
    pause(time);
    broker.start();
  }

  private void withFullDisk(Duration time) throws Exception {
    Path ballast = checkpoints.resolve("ballast");
    run("sh", "-c", "cat /dev/zero > " + ballast + " 2>/dev/null");
    pause(time);
    Files.delete(ballast);
  }

  private void frozen(Duration time) throws Exception {
    String process = Long.toString(taskManagers.get(0).pid());
    run("kill", "-STOP", process);
    pause(time);
    run("kill", "-CONT", process);
  }

  private void withoutNetwork(Duration time) throws Exception {
    broker.relay().cut();
    pause(time);
    broker.relay().mend();
  }

  private String swapDuringAKill() throws Exception {
    ModelStore store = new ModelStore(models());
    String version = TestStream.writeModel(store, 2, 1.0 / 16);
    store.promote(version, "chaos");
    TestStream.announce(broker.connection(), version);
    killTaskManager(1);
    return version;
  }

  private void rescale() throws Exception {
    taskManagers.add(cluster.startTaskManager());
    cluster.awaitSlots(6);
    String savepoint = cluster.stop(job().path("jid").asText(), checkpoints.resolve("tagstream"));
    submit(3, Optional.of(savepoint));
  }

  /**
   * Transactions that the broker aborts before they are committed: the job either resumes without a
   * loss, or ends and names the loss and the command that repairs it.
   */
  private void loseTransactions() throws Exception {
    String savepoint = cluster.stop(job().path("jid").asText(), checkpoints.resolve("tagstream"));
    submit(3, Optional.of(savepoint), "--set", "kafka.transaction.timeout.ms=30000");
    assertThat(awaitAnswersSince(Instant.now())).isPresent();
    Instant from = Instant.now();
    withoutBroker(Duration.ofSeconds(90));
    Instant back = Instant.now();
    Optional<Duration> recovered = awaitAnswersSince(back);
    String outcome = "survived";
    if (recovered.isEmpty()) {
      String cause = cause();
      assertThat(cause).contains("retag --missing");
      outcome = "ended and named what is lost; repaired by retag --missing";
      submit(3, Optional.empty(), "--accept-loss");
      recovered = awaitAnswersSince(back);
      retag(cause);
    }
    rows.add(new Row("broker stopped for 90 s, transactions of 30 s", from, outcome, recovered));
    assertThat(recovered).isPresent();
  }

  private String cause() throws InterruptedException {
    return cluster
        .ask("/jobs/%s/exceptions".formatted(job().path("jid").asText()))
        .orElseThrow()
        .path("root-exception")
        .asText();
  }

  /** Runs the commands named in a message. */
  private void retag(String message) {
    Matcher command = RETAG.matcher(message);
    while (command.find()) {
      List<String> arguments = new ArrayList<>(List.of(command.group(1).strip().split(" ")));
      arguments.addAll(
          List.of(
              "--bootstrap-server",
              broker.connection().bootstrapServers(),
              "--models",
              models().toString(),
              "--model",
              new ModelStore(models()).live()));
      assertThat(new Program(new RetagCommand(), Set.of()).run(arguments.toArray(String[]::new)))
          .isZero();
    }
  }

  @Test
  void eachImageIsAnsweredOnceDespiteAllFaults() throws Exception {
    assumeTrue(
        Files.exists(built.resolve("tagstream-job.jar")),
        "skipped: the job's jar is built by the phase package, before this one");
    setUp();
    submit(2, Optional.empty());
    assertThat(awaitAnswersSince(Instant.EPOCH)).isPresent();
    for (int kill = 1; kill <= 5; kill++) {
      int number = kill % 2;
      strike("kill -9 of a TaskManager, " + kill, () -> killTaskManager(number));
    }
    strike("broker stopped for 20 s", () -> withoutBroker(Duration.ofSeconds(20)));
    strike("network cut for 20 s", () -> withoutNetwork(Duration.ofSeconds(20)));
    if (smallDisk) {
      strike("checkpoint disk full for 30 s", () -> withFullDisk(Duration.ofSeconds(30)));
    } else {
      System.out.println("checkpoint disk full: left out, a file system could not be mounted");
    }
    strike("SIGSTOP of a TaskManager for 60 s", () -> frozen(Duration.ofSeconds(60)));
    List<String> swapped = new ArrayList<>();
    strike("model swap during a kill", () -> swapped.add(swapDuringAKill()));
    strike("savepoint, rescaled from 2 to 3", this::rescale);
    strike("broker stopped for 200 s", () -> withoutBroker(Duration.ofSeconds(200)));
    loseTransactions();

    while (stream.sent().size() < IMAGES) {
      pause(Duration.ofMillis(200));
    }
    stream.end();
    awaitAllAnswers();
    print();
    assertThat(versions).contains(swapped.get(0));
    assertThat(answers.keySet()).containsExactlyInAnyOrderElementsOf(stream.sent().keySet());
    assertThat(answers.values()).containsOnly(1);
  }

  private void awaitAllAnswers() throws InterruptedException {
    Instant deadline = Instant.now().plus(PATIENCE);
    while (answers.size() < stream.sent().size() && Instant.now().isBefore(deadline)) {
      pause(Duration.ofMillis(200));
    }
    // A duplicate answer would arrive with one of the next checkpoints.
    pause(Duration.ofSeconds(10));
  }

  /** An image counts for the fault during or after which it was sent. */
  private void print() throws IOException {
    TreeMap<Instant, int[]> counts = new TreeMap<>();
    counts.put(Instant.EPOCH, new int[3]);
    rows.forEach(row -> counts.put(row.from(), new int[3]));
    stream
        .sent()
        .forEach(
            (place, at) -> {
              int[] count = counts.floorEntry(at).getValue();
              int times = answers.getOrDefault(place, 0);
              count[0]++;
              count[1] += times == 0 ? 1 : 0;
              count[2] += Math.max(0, times - 1);
            });
    StringBuilder table =
        new StringBuilder(
            "| fault | outcome | answers again after, s | images since | lost | doubled |\n|---|---|---|---|---|---|\n");
    table.append(line("before the first", "", Optional.empty(), counts.get(Instant.EPOCH)));
    rows.forEach(
        row ->
            table.append(
                line(row.fault(), row.outcome(), row.recovered(), counts.get(row.from()))));
    System.out.print(table);
    Files.writeString(Path.of("target/chaos.md"), table);
  }

  private static String line(
      String fault, String outcome, Optional<Duration> recovered, int[] count) {
    return "| %s | %s | %s | %d | %d | %d |\n"
        .formatted(
            fault,
            outcome,
            recovered.map(time -> "%.1f".formatted(time.toMillis() / 1e3)).orElse(""),
            count[0],
            count[1],
            count[2]);
  }
}
