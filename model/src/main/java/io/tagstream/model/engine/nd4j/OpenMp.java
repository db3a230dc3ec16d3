package io.tagstream.model.engine.nd4j;

import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/** The OpenMP runtime of this process, which ND4J's ops and oneDNN itself share. */
public final class OpenMp {
  private static final NativeOps LIBRARY = load();

  private OpenMp() {}

  /**
   * Sets how many threads compute for the calling thread. Each thread has a setting of its own, so
   * a pass that may be in another thread than last time sets it anew.
   */
  public static void useThreads(int threads) {
    LIBRARY.setOmpNumThreads(threads);
  }

  private static NativeOps load() {
    // Loads the native library, which its holder does not.
    Nd4jLibrary.load();
    return NativeOpsHolder.getInstance().getDeviceNativeOps();
  }
}
