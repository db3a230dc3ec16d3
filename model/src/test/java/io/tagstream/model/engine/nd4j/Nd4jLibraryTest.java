package io.tagstream.model.engine.nd4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.net.URLClassLoader;
import org.junit.jupiter.api.Test;
import org.nd4j.common.config.ND4JClassLoading;
import org.nd4j.linalg.factory.Nd4j;

class Nd4jLibraryTest {

  @Test
  void nd4jDoesNotKeepAJobsClassLoader() throws Exception {
    try (URLClassLoader ofAJob = new URLClassLoader(new URL[0])) {
      ND4JClassLoading.setNd4jClassloader(ofAJob);

      Nd4jLibrary.load();

      assertThat(ND4JClassLoading.getNd4jClassloader()).isSameAs(Nd4j.class.getClassLoader());
    }
  }
}
