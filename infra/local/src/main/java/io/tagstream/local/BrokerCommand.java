package io.tagstream.local;

import io.tagstream.schemas.Topics;
import io.tagstream.settings.Interruption;
import io.tagstream.settings.Settings;
import io.tagstream.settings.SettingsOptions;
import io.tagstream.settings.StandardOptions;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tagstream broker}: runs a broker until it is interrupted. */
@Command(
    name = "broker",
    description = "Run a Kafka broker in this process, with the topics, until Ctrl-C.")
public final class BrokerCommand implements Callable<Integer> {

  @Mixin StandardOptions standard = new StandardOptions();
  @Mixin private SettingsOptions settingsOptions = new SettingsOptions();
  @Spec private CommandSpec spec;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description =
          "The address to listen on and to advertise to clients (default: ${DEFAULT-VALUE}).")
  private String host = LocalBroker.LOOPBACK;

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "The port to listen on; 0 for a free port (default: 9092).")
  private int port = 9092;

  @Option(
      names = "--state",
      paramLabel = "DIR",
      description = "Folder of its data, which the next start uses again (default: ./.tagstream).")
  private Path state = Path.of(".tagstream");

  @Override
  public Integer call() throws InterruptedException {
    // Of the kafka. settings those of a broker apply, such as kafka.transaction.max.timeout.ms.
    Settings settings = settingsOptions.load();
    CountDownLatch stop = new CountDownLatch(1);
    try (Interruption interruption = Interruption.listen(stop::countDown);
        StateDirectory directory = StateDirectory.hold(state, "tagstream broker");
        LocalBroker broker =
            LocalBroker.start(directory.kafka(), host, port, "--port", settings.kafka())) {
      broker.createTopics(new Topics(""), settings);
      spec.commandLine()
          .getOut()
          .printf("broker at %s, data in %s%n", broker.bootstrapServer(), directory.kafka());
      spec.commandLine().getOut().flush();
      while (!interruption.requested()) {
        stop.await();
      }
      return 0;
    }
  }
}
