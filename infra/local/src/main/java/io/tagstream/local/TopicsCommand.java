package io.tagstream.local;

import io.tagstream.job.sink.TransactionLimits;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.KafkaOptions;
import io.tagstream.schemas.TopicAdministration;
import io.tagstream.settings.Settings;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.TopicSettings;
import io.tagstream.settings.UserException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tagstream topics}: creates or checks the topics. */
@Command(
    name = "topics",
    description = "Create the missing topics, and check the limits of existing ones.")
public final class TopicsCommand implements Callable<Integer> {

  @Mixin StandardOptions standard = new StandardOptions();
  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Spec private CommandSpec spec;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      description = "Partitions of each topic except model-updates, which has one.")
  private Optional<Integer> partitions = Optional.empty();

  @Option(names = "--replication", paramLabel = "N", description = "Replicas of each partition.")
  private Optional<Integer> replication = Optional.empty();

  @Override
  public Integer call() {
    Map<String, String> options = new LinkedHashMap<>();
    partitions.ifPresent(count -> options.put("topics.partitions", Integer.toString(count)));
    replication.ifPresent(count -> options.put("topics.replication", Integer.toString(count)));
    Settings settings = kafka.settings(options);
    KafkaConnection connection = kafka.connection(settings);
    connection.awaitBroker();
    List<TopicAdministration.Outcome> outcomes;
    try (Admin admin = connection.admin()) {
      outcomes =
          new TopicAdministration(admin).ensure(kafka.topics(), settings.get(TopicSettings.class));
    }
    outcomes.forEach(outcome -> spec.commandLine().getOut().println(line(outcome)));
    spec.commandLine().getOut().flush();
    advise(connection);
    long different =
        outcomes.stream().filter(TopicAdministration.Differs.class::isInstance).count();
    if (different > 0) {
      throw new UserException(
          "%d topics differ from the settings: change them with Kafka's own tools, or choose other names with --topic-prefix"
              .formatted(different));
    }
    return 0;
  }

  /**
   * Prints advice on the broker's limits; it is not a failure, since the topics are as requested.
   */
  private void advise(KafkaConnection connection) {
    Optional<String> note;
    try {
      note = TransactionLimits.of(connection).advice();
    } catch (UserException e) {
      note = Optional.of(e.getMessage());
    }
    PrintWriter err = spec.commandLine().getErr();
    note.ifPresent(text -> err.println("note: " + text));
    err.flush();
  }

  private static String line(TopicAdministration.Outcome outcome) {
    if (outcome instanceof TopicAdministration.Created) {
      return outcome.topic() + ": created";
    }
    if (outcome instanceof TopicAdministration.Differs differs) {
      return "%s: differs (%s)"
          .formatted(
              outcome.topic(),
              String.join(
                  ", ",
                  differs.differences().stream()
                      .map(d -> "%s is %s, not %s".formatted(d.name(), d.found(), d.wanted()))
                      .toList()));
    }
    return outcome.topic() + ": exists";
  }
}
