package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.lock.JobName;
import io.tagstream.job.lock.NameLock;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.Settings;
import io.tagstream.settings.UserException;
import java.io.BufferedReader;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The lock of a job's name by a consumer group, with a real broker. */
@Timeout(120)
final class NameLockTest {
  private static final Topics TOPICS = new Topics("");

  /** Short, so that a test can outlast it. */
  private static final Map<String, String> SHORT_SESSION =
      Map.of("session.timeout.ms", "2000", "heartbeat.interval.ms", "200");

  @TempDir private Path directory;
  private LocalBroker broker;

  @BeforeEach
  void start() {
    broker = startBroker(0);
    broker.createTopics(TOPICS, Settings.defaults());
  }

  private LocalBroker startBroker(int port) {
    return LocalBroker.start(
        directory.resolve("kafka"),
        LocalBroker.LOOPBACK,
        port,
        "--port",
        Map.of("group.min.session.timeout.ms", "1000"));
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  private JobName name() {
    return name(broker.bootstrapServer());
  }

  private static JobName name(String bootstrapServer) {
    return JobName.of(
        new KafkaConnection(bootstrapServer, Duration.ofSeconds(30), SHORT_SESSION),
        TOPICS,
        "pictures");
  }

  /** Main class of another process, which holds the name until it is killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws InterruptedException {
      try (NameLock lock = name(arguments[0]).take(Duration.ZERO)) {
        System.out.println("holds");
        lock.lost().join();
      }
    }
  }

  private Process holder() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                broker.bootstrapServer())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    BufferedReader out = process.inputReader();
    assertThat(out.readLine()).isEqualTo("holds");
    return process;
  }

  private void assertHeldBy(long process) {
    assertThatThrownBy(() -> name().take(Duration.ZERO))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("job pictures is running already: process %d on".formatted(process))
        .hasMessageContaining("holds the consumer group tagstream-pictures-lock")
        .hasMessageContaining("another --name");
  }

  @Test
  void aSecondHolderIsRefusedUntilTheFirstLeaves() {
    try (NameLock first = name().take(Duration.ZERO)) {
      assertHeldBy(ProcessHandle.current().pid());
      assertThat(first.lost()).isNotDone();
    }
    name().take(Duration.ZERO).close();
  }

  @Test
  void aKilledHolderKeepsTheNameUntilItsSessionExpires() throws Exception {
    Process holder = holder();
    try {
      assertHeldBy(holder.pid());
    } finally {
      holder.destroyForcibly();
    }
    holder.waitFor();
    // The killed process is still a member of the group.
    name().take(Duration.ZERO).close();
  }

  @Test
  void aStartWaitsForALiveHolderIfRequested() throws Exception {
    NameLock first = name().take(Duration.ZERO);
    Thread leaves =
        new Thread(
            () -> {
              awaitMembers(2);
              first.close();
            });
    leaves.start();
    try (NameLock second = name().take(Duration.ofMinutes(1))) {
      assertThat(second.lost()).isNotDone();
      assertThat(first.lost()).isNotDone();
    } finally {
      leaves.join();
    }
  }

  private void awaitMembers(int count) {
    String group = Topics.lockGroup("pictures");
    try (Admin admin =
        new KafkaConnection(broker.bootstrapServer(), Duration.ofSeconds(30), Map.of()).admin()) {
      while (admin.describeConsumerGroups(List.of(group)).all().get().get(group).members().size()
          != count) {
        TimeUnit.MILLISECONDS.sleep(50);
      }
    } catch (ExecutionException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aHolderKeepsTheNameInAnOutage() throws Exception {
    try (NameLock first = name().take(Duration.ZERO)) {
      int port = URI.create("kafka://" + broker.bootstrapServer()).getPort();
      broker.close();
      broker = startBroker(port);
      assertHeldBy(ProcessHandle.current().pid());
      assertThat(first.lost()).isNotDone();
    }
  }

  @Test
  void ofTwoHoldersTheLaterOneYields() {
    Instant now = Instant.now();
    try (NameLock first = name().keep(now, "first");
        NameLock later = name().keep(now.plusSeconds(1), "later")) {
      assertThat(later.lost().join())
          .hasMessageContaining("job pictures ends, because process")
          .hasMessageContaining("began before it");
      assertThat(first.lost()).isNotDone();
      try (NameLock before = name().keep(now.minusSeconds(1), "before")) {
        assertThat(first.lost().join()).hasMessageContaining("began before it");
        assertThat(before.lost()).isNotDone();
      }
    }
  }

  @Test
  void twoAttemptsOfOneJobDoNotYieldToEachOther() {
    Instant now = Instant.now();
    try (NameLock lost = name().keep(now, "job");
        NameLock restarted = name().keep(now, "job")) {
      awaitMembers(2);
      // The group reports to it that both are members.
      assertHeldBy(ProcessHandle.current().pid());
      assertThat(lost.lost()).isNotDone();
      assertThat(restarted.lost()).isNotDone();
    }
  }
}
