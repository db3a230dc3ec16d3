package io.tagstream.benchmarks.probe;

import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A broker with the topics, in a separate process as on a cluster. */
public final class BrokerProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final long PAUSE_MILLIS = 50;

  private final Process process;
  private final String bootstrapServer;

  private BrokerProcess(Process process, String bootstrapServer) {
    this.process = process;
    this.bootstrapServer = bootstrapServer;
  }

  /**
   * Starts the broker and waits until it serves.
   *
   * @param folder the folder for data and log
   */
  public static BrokerProcess start(Path folder) throws InterruptedException {
    Path address = folder.resolve("broker.address");
    Path log = folder.resolve("broker.log");
    try {
      Process process =
          ChildJvm.start(
              BrokerMain.class,
              List.of(folder.resolve("kafka").toString(), address.toString()),
              folder.resolve("broker.out").toFile(),
              log.toFile());
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (!Files.exists(address)) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          process.destroyForcibly();
          throw new UserException("the broker does not start: see " + log);
        }
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      }
      return new BrokerProcess(process, Files.readString(address));
    } catch (IOException e) {
      throw new UserException("the broker does not start: " + e, e);
    }
  }

  /** The address for clients: {@code HOST:PORT}. */
  public String bootstrapServer() {
    return bootstrapServer;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
