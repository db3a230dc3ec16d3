package io.tagstream.benchmarks.probe;

import io.tagstream.local.LocalBroker;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The program of the broker's process: its folder, and the file for its address. */
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
    // Its data is thrown away.
    Runtime.getRuntime().halt(0);
  }
}
