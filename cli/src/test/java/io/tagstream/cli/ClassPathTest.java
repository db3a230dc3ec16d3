package io.tagstream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClassPathTest {
  @Test
  void theClassPathHasNoLibrariesOfBenchsPeers() {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> names =
        List.of(classPath.split(File.pathSeparator)).stream()
            .map(entry -> new File(entry).getName())
            .toList();
    assertThat(names)
        .anyMatch(name -> name.startsWith("onnxruntime-"))
        .noneMatch(name -> name.startsWith("pytorch-"));
    assertThat(classPath).doesNotContain("ai" + File.separator + "djl");
  }
}
