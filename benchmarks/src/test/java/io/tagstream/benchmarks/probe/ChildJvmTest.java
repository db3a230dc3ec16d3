package io.tagstream.benchmarks.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildJvmTest {
  @AfterEach
  void clear() {
    System.clearProperty(ChildJvm.PEERS);
  }

  @Test
  void aChildHasThePeersLibrariesBesideItsParents(@TempDir Path folder) throws Exception {
    String own = System.getProperty("java.class.path");
    assertThat(ChildJvm.classPath()).isEqualTo(own);
    Path peers = Files.writeString(folder.resolve("peers.txt"), "a.jar:b.jar\n");
    System.setProperty(ChildJvm.PEERS, peers.toString());
    assertThat(ChildJvm.classPath()).isEqualTo(own + File.pathSeparator + "a.jar:b.jar");
  }
}
