package io.tagstream.settings;

import java.util.Map;
import java.util.stream.Collectors;

/** The reference page of settings, in Markdown, as the records have them. */
final class SettingsPage {
  private SettingsPage() {}

  static String render() {
    return """
        # Settings

        <!-- Generated from the code: mvn -pl settings test -Dtest=SettingsPageTest -Dsettings.page=write -->

        A setting comes from, each going before the one above it:

        1. its default;
        2. the properties file that `--config FILE` names, UTF-8, one `KEY=VALUE` a line;
        3. the environment: `TAGSTREAM_BATCH_SIZE` for `batch.size`;
        4. `--set KEY=VALUE`.

        One file serves every command that takes `--config`. An unknown key or a value out of its range is an error; all of them are
        reported at once. A duration is a whole number and `ms`, `s`, `min`, `h` or `d`; a size is one and `B`,
        `KiB`, `MiB`, `GiB` or `TiB`.

        | key | default | type | meaning |
        |---|---|---|---|
        %s

        ## Retired

        Keys of earlier builds. A source that still names one is refused with this reason.

        | key | why, and what to do |
        |---|---|
        %s

        ## Handed on

        `kafka.KEY`, if it is not in the table, is a property of every Kafka client: `kafka.security.protocol=SASL_SSL`. In the environment
        `TAGSTREAM_KAFKA_SECURITY_PROTOCOL` is the same. `kafka.bootstrap.servers` counts where no `--bootstrap-server` is given.

        `flink.KEY` is an option of Flink: `flink.taskmanager.memory.network.max=256mb`. Flink's keys hold dashes as
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
