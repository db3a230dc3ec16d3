package io.tagstream.settings;

import java.util.Map;
import java.util.stream.Collectors;

/** Renders the reference page of settings, in Markdown, from the settings records. */
final class SettingsPage {
  private SettingsPage() {}

  static String render() {
    return """
        # Settings

        <!-- Generated from the code: mvn -pl settings test -Dtest=SettingsPageTest -Dsettings.page=write -->

        A setting is read from these sources; each overrides the ones above it:

        1. its default;
        2. the properties file given with `--config FILE`: UTF-8, one `KEY=VALUE` a line;
        3. the environment: `TAGSTREAM_BATCH_SIZE` for `batch.size`;
        4. `--set KEY=VALUE`.

        One file serves every command that takes `--config`. An unknown key or a value outside its range is an error; all errors are
        reported at once. A duration is a whole number and `ms`, `s`, `min`, `h` or `d`; a size is a whole number and `B`,
        `KiB`, `MiB`, `GiB` or `TiB`.

        | key | default | type | meaning |
        |---|---|---|---|
        %s

        ## Retired

        Keys of earlier releases. A command that finds one in any source stops with the reason given here.

        | key | reason, and what to do |
        |---|---|
        %s

        ## Passed on

        `kafka.KEY`, if it is not in the table, sets a property of every Kafka client: `kafka.security.protocol=SASL_SSL`. In the environment
        this is `TAGSTREAM_KAFKA_SECURITY_PROTOCOL`. `kafka.bootstrap.servers` is the default of `--bootstrap-server`.

        `flink.KEY` sets an option of Flink: `flink.taskmanager.memory.network.max=256mb`. Flink's keys contain dashes as
        well as dots, so the environment cannot name them.
        """
        .formatted(
            SettingsCatalogue.entries().stream()
                .map(SettingsPage::row)
                .collect(Collectors.joining("\n")),
            SettingsCatalogue.RETIRED.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(retired -> "| `%s` | %s |".formatted(retired.getKey(), retired.getValue()))
                .collect(Collectors.joining("\n")));
  }

  private static String row(SettingsCatalogue.Entry entry) {
    Setting setting = entry.setting();
    String range = SettingType.range(setting);
    return "| `%s` | %s%s | %s%s | %s |"
        .formatted(
            setting.key(),
            setting.defaultValue(),
            setting.unit().isEmpty() || setting.defaultValue().equals("auto")
                ? ""
                : " " + setting.unit(),
            entry.type().name(),
            range.isEmpty() ? "" : ", " + range,
            setting.meaning());
  }
}
