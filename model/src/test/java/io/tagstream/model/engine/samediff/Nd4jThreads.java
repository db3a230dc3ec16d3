package io.tagstream.model.engine.samediff;

import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/** How many threads ND4J uses for what the calling thread asks of it. */
public final class Nd4jThreads {
  private Nd4jThreads() {}

  /** One: many threads on operations as small as tests' only wait for each other. */
  public static void one() {
    // The holder of the native operations does not load before ND4J itself has.
    Nd4j.getMemoryManager();
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(1);
  }
}
