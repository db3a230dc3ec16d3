package io.tagstream.cli.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.tagstream.consumers.TopicReader;
import io.tagstream.local.LocalBroker;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.KafkaOptions;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Settings;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Timeout(120)
class AnnouncementTest {
  private static final NetworkDescription NETWORK = NetworkDescription.alexNet(3, 1.0 / 24);
  private static final Topics TOPICS = new Topics("");

  @TempDir private Path directory;

  @Command(name = "promote")
  private static final class Options {
    @Mixin private KafkaOptions kafka = new KafkaOptions();
  }

  private static String write(ModelStore store, long seed) {
    return store
        .write(
            new ModelDraft(
                Initialisation.HE.draw(NETWORK, seed),
                Preprocessing.tagstream(NETWORK.inputSize()),
                List.of("ant", "bee", "cat"),
                Optional.empty(),
                Provenance.made("drawn for a test", "drawn", "none")))
        .version();
  }

  private static List<ModelUpdate> updates(LocalBroker broker) {
    List<ModelUpdate> updates = new ArrayList<>();
    try (TopicReader<ModelUpdate> reader =
        TopicReader.open(
            new KafkaConnection(broker.bootstrapServer(), Duration.ofSeconds(30), Map.of()),
            TOPICS.modelUpdates(),
            WireFormat.of(ModelUpdate.class))) {
      reader.read(
          TopicReader.Start.BEGINNING,
          TopicReader.Stop.END_AT_START,
          new TopicReader.Sink<>() {
            @Override
            public boolean record(ModelUpdate update) {
              updates.add(update);
              return true;
            }

            @Override
            public boolean malformed(String where, String reason) {
              throw new AssertionError(where + ": " + reason);
            }
          });
    }
    return updates;
  }

  /** Of two concurrent promotions the first may be announced last. */
  @Test
  void theLastRecordOnTheTopicNamesTheLiveVersion() {
    ModelStore store = new ModelStore(directory.resolve("models"));
    String first = write(store, 1);
    String second = write(store, 2);
    StringWriter err = new StringWriter();
    try (LocalBroker broker =
        LocalBroker.start(
            directory.resolve("kafka"), LocalBroker.LOOPBACK, 0, "--port", Map.of())) {
      broker.createTopics(TOPICS, Settings.defaults());
      Options options = new Options();
      new CommandLine(options).parseArgs("--bootstrap-server", broker.bootstrapServer());
      Announcement announcement = Announcement.prepare(options.kafka);
      store.promote(first, "ann");
      store.promote(second, "bob");
      announcement.send(store, ModelStatus.PROMOTED, second, "bob", new PrintWriter(err, true));
      assertThat(err.toString()).isEmpty();
      announcement.send(store, ModelStatus.PROMOTED, first, "ann", new PrintWriter(err, true));
      assertThat(err).hasToString("%s went live in the meantime, by bob%n".formatted(second));
      assertThat(updates(broker))
          .extracting(update -> update.getVersion().orElseThrow(), ModelUpdate::getBy)
          .containsExactly(tuple(second, "bob"), tuple(first, "ann"), tuple(second, "bob"));
    }
  }
}
