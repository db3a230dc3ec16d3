package io.tagstream.benchmarks.probe;

import io.tagstream.local.LocalBroker;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Main class of the broker's process; arguments: the folder of its data, and the file for its
 * address.
 */
final class BrokerMain {
  private BrokerMain() {}

  public static void main(String[] args) throws Exception {
    LocalBroker broker =
        LocalBroker.start(Path.of(args[0]), LocalBroker.LOOPBACK, 0, "--port", Map.of());
    broker.createTopics(new Topics(""), Settings.load(Optional.empty(), Map.of(), Map.of()));
    Path address = Path.of(args[1]);
    Path whole = Files.writeString(Path.of(address + ".new"), broker.bootstrapServer());
    Files.move(whole, address);
    ChildJvm.awaitEndOfInput();
    // Halts without a clean shutdown, because the data are not needed afterwards.
    Runtime.getRuntime().halt(0);
  }
}
