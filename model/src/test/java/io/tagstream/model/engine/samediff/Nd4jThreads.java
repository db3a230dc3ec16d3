package io.tagstream.model.engine.samediff;

import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/** The number of threads with which ND4J computes for the calling thread. */
public final class Nd4jThreads {
  private Nd4jThreads() {}

  /**
   * Sets one thread: on operations as small as the tests' more threads only wait for each other.
   */
  public static void one() {
    // The holder of the native operations does not load before ND4J itself has.
    Nd4j.getMemoryManager();
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(1);
  }
}
