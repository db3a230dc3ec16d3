package io.tagstream.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SettingsPageTest {
  private static final String COMMAND =
      "mvn -pl settings test -Dtest=SettingsPageTest -Dsettings.page=write";

  @Test
  void thePageMatchesTheCode() throws IOException {
    Path page = repository().resolve("docs/settings.md");
    if ("write".equals(System.getProperty("settings.page"))) {
      Files.writeString(page, SettingsPage.render());
    }
    assertThat(page).as("out of date; %s writes it", COMMAND).hasContent(SettingsPage.render());
    assertThat(SettingsPage.render()).contains(COMMAND);
  }

  private static Path repository() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(folder.resolve(".mvn"))) {
      folder = folder.getParent();
    }
    return folder;
  }
}
