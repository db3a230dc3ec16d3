package io.tagstream.benchmarks.peers;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;

/** Starts DJL's PyTorch on the CPU, with natives from the class path and without network access. */
final class Torch {
  private Torch() {}

  /** Folder next to the task's models: unpacked once for all probes and deleted with the task. */
  static Path folder(String models) {
    return Path.of(models).resolveSibling("djl");
  }

  /**
   * Starts the library; must be called before any other use of it.
   *
   * @param folder for the natives, which DJL unpacks
   * @param threads number of threads of one operation
   * @return a manager, which the caller closes
   */
  static NDManager start(Path folder, int threads) {
    System.setProperty("DJL_CACHE_DIR", folder.toString());
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
    System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
    return NDManager.newBaseManager(Device.cpu(), "PyTorch");
  }
}
