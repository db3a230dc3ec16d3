package io.tagstream.settings;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** {@code --config} and {@code --set}, and the settings they and the environment give. */
public final class SettingsOptions {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Properties file with settings, kafka. and flink. among them.")
  private Optional<Path> config = Optional.empty();

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "One setting; goes before the file and the environment. Can be repeated.")
  private Map<String, String> sets = new LinkedHashMap<>();

  /**
   * Reads all sources, this process's environment among them.
   *
   * @throws UsageException with every problem in one line
   */
  public Settings load() {
    return Settings.load(config, sets, System.getenv());
  }

  /** As {@link #load()}, with settings of the command's own options, which go before all others. */
  public Settings load(Map<String, String> options) {
    Map<String, String> all = new LinkedHashMap<>(sets);
    all.putAll(options);
    return Settings.load(config, all, System.getenv());
  }
}
