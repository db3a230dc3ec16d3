package io.tagstream.benchmarks.growth;

/** Heap in use after a garbage collection. */
final class LiveHeap {
  private LiveHeap() {}

  static double mebibytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return (runtime.totalMemory() - runtime.freeMemory()) / 1048576.0;
  }
}
