package io.tagstream.benchmarks.growth;

/** What is in use of the heap when nothing is left that could be collected. */
final class LiveHeap {
  private LiveHeap() {}

  static double mebibytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return (runtime.totalMemory() - runtime.freeMemory()) / 1048576.0;
  }
}
