package io.tagstream.fuzz;

import io.tagstream.settings.Settings;
import io.tagstream.settings.UsageException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Files of settings. */
public final class SettingsTarget {
  private SettingsTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    Path file = Target.file("tagstream.properties", input);
    try {
      Settings.load(Optional.of(file), Map.of(), Map.of());
    } catch (UsageException e) {
      if (e.getMessage().contains("\n")) {
        throw new AssertionError("problems stand on one line", e);
      }
    }
  }
}
