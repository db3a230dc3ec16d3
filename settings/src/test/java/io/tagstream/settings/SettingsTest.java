package io.tagstream.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
  @TempDir Path folder;

  @Test
  void defaultsComeFromTheRecords() {
    Settings settings = Settings.defaults();

    assertThat(settings.get(BatchSettings.class))
        .isEqualTo(new BatchSettings(32, Duration.ofMillis(50)));
    assertThat(settings.get(ImageSettings.class))
        .isEqualTo(
            new ImageSettings(
                DataSize.ofMebibytes(20),
                64_000_000,
                DataSize.ofMebibytes(1024),
                Duration.ofSeconds(30)));
    assertThat(settings.get(ParallelismSettings.class).decode()).isEqualTo(OptionalInt.empty());
    assertThat(settings.get(CheckpointSettings.class).interval()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void aLaterSourceOverridesAnEarlierOne() throws IOException {
    Path file = file("batch.size = 1\nbatch.max-wait=1 ms\nimage.max-pixels=7\n");
    Map<String, String> environment =
        Map.of("TAGSTREAM_BATCH_SIZE", "2", "TAGSTREAM_BATCH_MAX_WAIT", "2 ms");
    Map<String, String> sets = Map.of("batch.size", "3");

    Settings settings = Settings.load(Optional.of(file), sets, environment);

    assertThat(settings.get(BatchSettings.class))
        .isEqualTo(new BatchSettings(3, Duration.ofMillis(2)));
    assertThat(settings.get(ImageSettings.class).maxPixels()).isEqualTo(7);
  }

  @Test
  void everyProblemIsReportedAtOnceWithItsPlace() throws IOException {
    Path file = file("batch.sise=5\nbatch.size=0\n");
    Map<String, String> environment = Map.of("TAGSTREAM_BATCH_MAXWAIT", "1 s");
    Map<String, String> sets =
        Map.of(
            "image.max-bytes", "20 MB",
            "slots.separate", "yes",
            "checkpoint.interval", "1 s",
            "checkpoint.min-pause", "2 s",
            "topics.replication", "many");

    assertThatThrownBy(() -> Settings.load(Optional.of(file), sets, environment))
        .isInstanceOf(UsageException.class)
        .message()
        .doesNotContain("\n")
        .startsWith("7 settings are wrong: ")
        .contains("unknown setting batch.sise (" + file + "), did you mean batch.size?")
        .contains("batch.size=0 (" + file + ") must be from 1 to 1024")
        .contains("TAGSTREAM_BATCH_MAXWAIT (environment), did you mean TAGSTREAM_BATCH_MAX_WAIT?")
        .contains("image.max-bytes=20 MB (--set) is wrong: a size is")
        .contains("slots.separate=yes (--set) must be true or false")
        .contains("topics.replication=many (--set) must be a whole number")
        .contains("checkpoint.min-pause (2 s) is longer than checkpoint.interval (1 s)");
  }

  @Test
  void aRetiredKeyIsRefusedInEverySourceWithTheReason() throws IOException {
    Path file = file("inference.towers=1\n");
    Map<String, String> sets = Map.of("inference.towers", "2");
    Map<String, String> environment = Map.of("TAGSTREAM_INFERENCE_TOWERS", "2");

    assertThatThrownBy(() -> Settings.load(Optional.of(file), Map.of(), Map.of()))
        .isInstanceOf(UsageException.class)
        .hasMessage(retired(file.toString()));
    assertThatThrownBy(() -> Settings.load(Optional.empty(), sets, Map.of()))
        .isInstanceOf(UsageException.class)
        .hasMessage(retired("--set"));
    assertThatThrownBy(() -> Settings.load(Optional.empty(), Map.of(), environment))
        .isInstanceOf(UsageException.class)
        .hasMessage(retired("environment TAGSTREAM_INFERENCE_TOWERS"));
  }

  private static String retired(String place) {
    return "setting inference.towers ("
        + place
        + ") was retired: serving in two towers was no faster than one network, 0.91 to 1.00 times"
        + " its images a second; remove the key: every model is served as one network. Training in"
        + " towers stays, with training.towers";
  }

  @Test
  void noSettingReusesARetiredKey() {
    assertThat(SettingsCatalogue.entries())
        .extracting(entry -> entry.key())
        .doesNotContainAnyElementsOf(SettingsCatalogue.RETIRED.keySet());
  }

  @Test
  void aJobIsNotEndedBeforeItsFirstCheckpointIsDue() {
    Map<String, String> sets = Map.of("checkpoint.interval", "10 min");
    assertThatThrownBy(() -> Settings.load(Optional.empty(), sets, Map.of()))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(
            "checkpoint.tolerable-age (10 min) is not longer than checkpoint.interval (10 min)");
  }

  @Test
  void kafkaAndFlinkPropertiesArePassedOn() throws IOException {
    Path file = file("kafka.security.protocol=SSL\nflink.state.backend.type=hashmap\n");
    Map<String, String> environment = Map.of("TAGSTREAM_KAFKA_SASL_MECHANISM", "PLAIN");

    Settings settings = Settings.load(Optional.of(file), Map.of(), environment);

    assertThat(settings.kafka())
        .isEqualTo(Map.of("security.protocol", "SSL", "sasl.mechanism", "PLAIN"));
    assertThat(settings.flink()).isEqualTo(Map.of("state.backend.type", "hashmap"));
  }

  @Test
  void aSettingOfOursIsNotPassedOnToKafka() throws IOException {
    Path file = file("kafka.outage=5 min\nkafka.acks=all\n");

    Settings ofFile = Settings.load(Optional.of(file), Map.of(), Map.of());
    Settings ofEnvironment =
        Settings.load(Optional.of(file), Map.of(), Map.of("TAGSTREAM_KAFKA_OUTAGE", "2 h"));

    assertThat(ofFile.get(KafkaSettings.class).outage()).isEqualTo(Duration.ofMinutes(5));
    assertThat(ofFile.kafka()).isEqualTo(Map.of("acks", "all"));
    assertThat(ofEnvironment.get(KafkaSettings.class).outage()).isEqualTo(Duration.ofHours(2));
    assertThat(ofEnvironment.kafka()).isEqualTo(Map.of("acks", "all"));
    assertThatThrownBy(
            () -> Settings.load(Optional.empty(), Map.of("kafka.outage", "soon"), Map.of()))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("kafka.outage=soon (--set) is wrong");
  }

  @Test
  void anEnvironmentCannotNameFlinkKeys() {
    assertThatThrownBy(
            () -> Settings.load(Optional.empty(), Map.of(), Map.of("TAGSTREAM_FLINK_A", "1")))
        .hasMessageContaining("--set flink.KEY=VALUE");
  }

  @Test
  void variablesOfTheLauncherAndOfKubernetesServicesAreNoSettings() {
    Map<String, String> environment =
        Map.of(
            "TAGSTREAM_JAVA_OPTS", "-Xmx2g",
            "TAGSTREAM_SERVICE_HOST", "10.0.0.1",
            "TAGSTREAM_KAFKA_SERVICE_PORT", "9092",
            "TAGSTREAM_KAFKA_PORT_9092_TCP_ADDR", "10.0.0.1",
            "TAGSTREAM_PORT", "tcp://10.0.0.1:80",
            "PATH", "/bin");

    assertThat(Settings.load(Optional.empty(), Map.of(), environment).kafka()).isEmpty();
  }

  @Test
  void aMissingFileIsNamed() {
    Path missing = folder.resolve("none.properties");
    assertThatThrownBy(() -> Settings.load(Optional.of(missing), Map.of(), Map.of()))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(missing.toString());
  }

  @Test
  void everyKeyAndVariableIsUnique() {
    assertThat(SettingsCatalogue.entries())
        .extracting(entry -> entry.key())
        .doesNotHaveDuplicates();
    assertThat(SettingsCatalogue.entries())
        .extracting(entry -> entry.environmentVariable())
        .doesNotHaveDuplicates()
        // Another such variable would shadow the Kafka client property of that name.
        .filteredOn(name -> name.startsWith("TAGSTREAM_KAFKA_"))
        .containsExactly("TAGSTREAM_KAFKA_OUTAGE");
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("test.properties"), text);
  }
}
