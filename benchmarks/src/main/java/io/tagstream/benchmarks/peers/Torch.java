package io.tagstream.benchmarks.peers;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;

/** PyTorch by DJL on the CPU, from the class path and without a network. */
final class Torch {
  private Torch() {}

  /** Beside a task's models: unpacked once for all its probes, and gone with it. */
  static Path folder(String models) {
    return Path.of(models).resolveSibling("djl");
  }

  /**
   * Starts the library; to be called before anything else of it.
   *
   * @param folder for the natives, which DJL unpacks
   * @param threads of one operation
   * @return to be closed by the caller
   */
  static NDManager start(Path folder, int threads) {
    System.setProperty("DJL_CACHE_DIR", folder.toString());
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
    System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
    return NDManager.newBaseManager(Device.cpu(), "PyTorch");
  }
}
