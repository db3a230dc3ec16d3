package io.tagstream.model.engine.nd4j;

import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/** The OpenMP runtime of this process, which ND4J's ops and oneDNN share. */
public final class OpenMp {
  private static final NativeOps LIBRARY = load();

  private OpenMp() {}

  /**
   * Sets the number of threads that compute for the calling thread. OpenMP keeps the setting per
   * thread, so a pass sets it again each time: it may run in another thread than before.
   */
  public static void useThreads(int threads) {
    LIBRARY.setOmpNumThreads(threads);
  }

  private static NativeOps load() {
    // Loads the native library; the holder below does not.
    Nd4jLibrary.load();
    return NativeOpsHolder.getInstance().getDeviceNativeOps();
  }
}
