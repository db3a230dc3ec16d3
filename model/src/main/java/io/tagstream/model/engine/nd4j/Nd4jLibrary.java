package io.tagstream.model.engine.nd4j;

import org.nd4j.common.config.ND4JClassLoading;
import org.nd4j.linalg.factory.Nd4j;

/** ND4J as this process uses it. */
public final class Nd4jLibrary {
  private Nd4jLibrary() {}

  /** Called before ND4J is used, any number of times. */
  public static void load() {
    // ND4J keeps one class loader for good, by default the context loader of its first user: a
    // job's, which Flink closes at a restart. What ND4J then loads for the first time would fail,
    // and would go on failing in every later attempt.
    ND4JClassLoading.setNd4jClassloaderFromClass(Nd4j.class);
    // Native memory is closed by its owners; periodic calls of the collector only cost time.
    Nd4j.getMemoryManager().togglePeriodicGc(false);
  }
}
