package io.tagstream.settings;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/**
 * The options {@code --config} and {@code --set}; loads the settings from them and the environment.
 */
public final class SettingsOptions {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Properties file with settings; may hold kafka. and flink. keys.")
  private Optional<Path> config = Optional.empty();

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "One setting; overrides the file and the environment. Can be repeated.")
  private Map<String, String> sets = new LinkedHashMap<>();

  /**
   * Reads the file, the options and this process's environment.
   *
   * @throws UsageException with every problem in one line
   */
  public Settings load() {
    return Settings.load(config, sets, System.getenv());
  }

  /**
   * As {@link #load()}, with settings that the command's options imply, which override all others.
   */
  public Settings load(Map<String, String> options) {
    Map<String, String> all = new LinkedHashMap<>(sets);
    all.putAll(options);
    return Settings.load(config, all, System.getenv());
  }
}
