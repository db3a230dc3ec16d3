package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.consumers.StatusCommand;
import io.tagstream.model.store.JobStatus;
import io.tagstream.model.store.JobStatus.State;
import io.tagstream.model.store.ModelStore;
import io.tagstream.settings.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The status of a job and of the transactions on its outputs, seen from outside. */
@Timeout(240)
final class StatusTest {
  @TempDir private Path directory;
  private TestStream stream;
  private final HttpClient client = HttpClient.newHttpClient();

  @BeforeEach
  void start() {
    stream =
        new TestStream(
            directory, Settings.load(Optional.empty(), Map.of("topics.partitions", "1"), Map.of()));
  }

  @AfterEach
  void stop() {
    stream.close();
  }

  private Process startJob(Path log, String... more) throws IOException {
    return stream.startJob(
        log,
        Stream.concat(Stream.of("--set", "checkpoint.interval=200 ms"), Stream.of(more))
            .toArray(String[]::new));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Requests until the response has the status code, and returns its body. */
  private String await(Process job, int port, String path, int code) throws Exception {
    URI address = URI.create("http://127.0.0.1:%d%s".formatted(port, path));
    while (true) {
      assertThat(job.isAlive()).as("the job's process runs").isTrue();
      try {
        HttpResponse<String> answer =
            client.send(
                HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() == code) {
          return answer.body();
        }
      } catch (IOException e) {
        // The server is not listening yet.
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  /** The output of {@code tagstream status}. */
  private String status(String... arguments) {
    StringWriter out = new StringWriter();
    new CommandLine(new StatusCommand())
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(new StringWriter()))
        .execute(
            Stream.concat(Stream.of("--models", stream.models().toString()), Stream.of(arguments))
                .toArray(String[]::new));
    return out.toString();
  }

  private String status() {
    return status("--bootstrap-server", stream.bootstrapServer());
  }

  /** Replaces the folder of the run by a file, so that no checkpoint can be written. */
  private void breakCheckpoints() throws IOException {
    Path run;
    try (Stream<Path> children = Files.list(stream.checkpoints().resolve("test"))) {
      run =
          children
              .filter(child -> Files.isDirectory(child.resolve("shared")))
              .findFirst()
              .orElseThrow();
    }
    Files.move(run, directory.resolve("moved-away"));
    Files.writeString(run, "in the way");
  }

  @Test
  void aJobThatCompletesNoCheckpointIsReportedAndEnds() throws Exception {
    int port = freePort();
    Path log = directory.resolve("job.log");
    Process job =
        startJob(
            log,
            "--health-port",
            Integer.toString(port),
            "--set",
            "checkpoint.tolerable-age=30 s",
            "--set",
            "restart.attempts=1000",
            "--set",
            "restart.max-delay=1 s");
    assertThat(await(job, port, "/readyz", 200))
        .isEqualTo("{\"job\":\"test\",\"state\":\"running\",\"ready\":true,\"reasons\":[]}");
    assertThat(await(job, port, "/healthz", 200)).contains("\"healthy\":true");
    while (JobStatus.read(stream.models(), "test")
        .filter(status -> status.state() == State.RUNNING && status.lastCheckpoint().isPresent())
        .isEmpty()) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    String live = new ModelStore(stream.models()).live();
    // The job's name is optional, because there is only one.
    assertThat(status())
        .contains(
            "job test: running, since ",
            "engine: deeplearning4j on auto, 1 views; Kafka cluster ",
            "last checkpoint: number ",
            "live version: " + live,
            "oldest open transaction: ");

    breakCheckpoints();
    assertThat(await(job, port, "/readyz", 503)).contains("\"ready\":false");
    assertThat(job.waitFor()).isEqualTo(1);
    assertThat(Files.readString(log))
        .contains(
            "tagstream: health at http://127.0.0.1:" + port,
            "tagstream: job test starts without a snapshot",
            "tagstream: Kafka cluster ",
            "tagstream: model " + live + " by deeplearning4j on auto, 1 views",
            "tagstream: ready after ",
            "tagstream: the job ends without a savepoint; ",
            "tagstream: job test failed: no checkpoint has completed for ");
    JobStatus end = JobStatus.read(stream.models(), "test").orElseThrow();
    assertThat(end.state()).isEqualTo(State.FAILED);
    assertThat(end.failedCheckpoints().count()).isPositive();
    assertThat(status()).contains("job test: failed at ", "no checkpoint has completed for ");
  }

  @Test
  void aStopIsReportedWithItsSavepointAndTheNextStartResumesFromIt() throws Exception {
    Path log = directory.resolve("job-1.log");
    Process first = startJob(log);
    while (!Files.readString(log).contains("tagstream: ready after ")) {
      assertThat(first.isAlive()).isTrue();
      TimeUnit.MILLISECONDS.sleep(50);
    }
    first.destroy();
    assertThat(first.waitFor()).isZero();
    JobStatus stopped = JobStatus.read(stream.models(), "test").orElseThrow();
    String savepoint = stopped.end().orElseThrow().savepoint().orElseThrow();
    assertThat(Files.readString(log)).contains("tagstream: stopped with savepoint " + savepoint);
    assertThat(stopped.state()).isEqualTo(State.STOPPED);
    assertThat(status()).contains("job test: stopped at ", "with savepoint " + savepoint);

    Path secondLog = directory.resolve("job-2.log");
    Process second = startJob(secondLog);
    while (!Files.readString(secondLog).contains("tagstream: ready after ")) {
      assertThat(second.isAlive()).isTrue();
      TimeUnit.MILLISECONDS.sleep(50);
    }
    assertThat(Files.readString(secondLog))
        .contains("tagstream: job test resumes from " + savepoint);
    while (JobStatus.read(stream.models(), "test")
        .filter(status -> status.state() == State.RUNNING)
        .isEmpty()) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    // A killed process cannot report its end.
    second.destroyForcibly().waitFor();
    assertThat(JobStatus.read(stream.models(), "test").orElseThrow().resumedFrom())
        .contains(savepoint);
    while (status("--bootstrap-server", stream.bootstrapServer()).contains("job test: running")) {
      TimeUnit.SECONDS.sleep(1);
    }
    assertThat(status()).contains("job test: does not run; it was running ", " is gone");
  }

  @Test
  void aTransactionOfAnotherProgramThatBlocksReadersIsNamed() throws Exception {
    assertThat(status()).contains("oldest open transaction: none");
    Properties properties = stream.connection().producerProperties();
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "orders-1");
    try (KafkaProducer<byte[], byte[]> foreign =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      foreign.initTransactions();
      foreign.beginTransaction();
      foreign.send(new ProducerRecord<>(TestStream.TOPICS.predictions(), new byte[10])).get();
      assertThat(status())
          .containsPattern(
              "oldest open transaction: \\d+ s old, of another program, orders-1, on predictions-0");
      assertThat(status("--bootstrap-server", stream.bootstrapServer(), "--json"))
          .contains(
              "\"oldestOpenTransaction\":{\"transactionalId\":\"orders-1\"",
              "\"ofThisJob\":false",
              "\"partitions\":[\"predictions-0\"],\"offsetsBehind\":1}");
      foreign.commitTransaction();
    }
    assertThat(status()).contains("oldest open transaction: none");
  }

  @Test
  void theStateOfTheJobIsShownWithoutKafka() throws Exception {
    new JobStatus(
            JobStatus.FORMAT,
            "flowers",
            State.RESTARTING,
            Optional.of("Kafka is away"),
            Instant.now(),
            Instant.now(),
            JobStatus.Writer.current(),
            new JobStatus.Kafka("cluster-1", "127.0.0.1:9092", ""),
            new JobStatus.Serving(Optional.empty(), "deeplearning4j", "cpu", 2),
            Optional.empty(),
            Optional.empty(),
            JobStatus.Troubles.NONE,
            JobStatus.Troubles.NONE,
            Optional.empty())
        .write(stream.models());
    String nowhere = "127.0.0.1:" + freePort();
    assertThat(status("--bootstrap-server", nowhere, "--wait", "0"))
        .contains("job flowers: restarting: Kafka is away");
    assertThat(status("--bootstrap-server", nowhere, "--wait", "0", "--json"))
        .startsWith("{\"job\":\"flowers\",\"status\":{\"state\":\"restarting\"")
        .contains("\"lag\":null", "\"problem\":\"no broker at " + nowhere);
  }
}
