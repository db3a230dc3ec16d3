package io.tagstream.model.engine.nd4j;

import org.nd4j.common.config.ND4JClassLoading;
import org.nd4j.linalg.factory.Nd4j;

/** Process-wide settings of ND4J. */
public final class Nd4jLibrary {
  private Nd4jLibrary() {}

  /** To be called before ND4J is used; further calls do nothing. */
  public static void load() {
    // ND4J keeps one class loader for the life of the process, by default the context loader of its
    // first caller: a job's, which Flink closes at a restart. Classes that ND4J loads for the first
    // time after that would fail to load in every later attempt.
    ND4JClassLoading.setNd4jClassloaderFromClass(Nd4j.class);
    // Owners close their native memory, so periodic garbage collections would only cost time.
    Nd4j.getMemoryManager().togglePeriodicGc(false);
  }
}
