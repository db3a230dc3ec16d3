package io.tagstream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.settings.UserException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StateDirectoryTest {

  @TempDir Path root;

  @Test
  void namesTheHolderToASecondProcess() {
    try (StateDirectory held = StateDirectory.hold(root, "tagstream demo")) {
      assertThatThrownBy(() -> StateDirectory.hold(held.root(), "tagstream broker"))
          .isInstanceOf(UserException.class)
          .hasMessageContaining(
              "is in use by tagstream demo (process %d); stop it"
                  .formatted(ProcessHandle.current().pid()));
    }
  }

  @Test
  void isFreeAfterItsHolderClosesIt() {
    StateDirectory.hold(root, "a much longer name than the next").close();
    try (StateDirectory held = StateDirectory.hold(root, "tagstream broker")) {
      assertThat(held.root().resolve("lock"))
          .hasContent("tagstream broker (process %d)%n".formatted(ProcessHandle.current().pid()));
    }
  }
}
