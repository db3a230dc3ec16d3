package io.tagstream.benchmarks.peers;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;

/** PyTorch by DJL on the CPU, from the class path and without a network. */
final class Torch {
  private Torch() {}

  /**
   * Starts the library; to be called before anything else of it.
   *
   * @param threads of one operation
   * @return to be closed by the caller
   */
  static NDManager start(int threads) {
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
    System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
    return NDManager.newBaseManager(Device.cpu(), "PyTorch");
  }
}
