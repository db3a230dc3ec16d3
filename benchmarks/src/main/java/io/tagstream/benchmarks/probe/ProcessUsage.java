package io.tagstream.benchmarks.probe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Resources that this process has used so far, from Linux and the JVM.
 *
 * @param processorMillis processor time of the live threads, by name; a name has at most 15
 *     characters, numbers of subtasks and pool threads are removed, and native threads have the
 *     name of the thread that created them
 * @param processMillis processor time of the whole process, including ended threads
 * @param allocatedBytes bytes allocated on the heap by the live threads
 * @param residentBytes resident memory
 */
record ProcessUsage(
    Map<String, Long> processorMillis,
    long processMillis,
    long allocatedBytes,
    long residentBytes) {
  private static final Path SELF = Path.of("/proc/self");

  /** Clock tick of {@code /proc}; Linux always has 100 a second. */
  private static final long TICK_MILLIS = 10;

  private static final int USER_TIME = 11;
  private static final int SYSTEM_TIME = 12;

  static ProcessUsage now() {
    try {
      Map<String, Long> byThread = new TreeMap<>();
      try (DirectoryStream<Path> threads = Files.newDirectoryStream(SELF.resolve("task"))) {
        for (Path thread : threads) {
          addThread(thread, byThread);
        }
      }
      return new ProcessUsage(
          byThread, millis(Files.readString(SELF.resolve("stat"))), allocated(), resident());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the resources of this process from /proc", e);
    }
  }

  private static void addThread(Path thread, Map<String, Long> byThread) throws IOException {
    try {
      String name = Files.readString(thread.resolve("comm")).strip();
      byThread.merge(group(name), millis(Files.readString(thread.resolve("stat"))), Long::sum);
    } catch (NoSuchFileException ended) {
      // The thread ended between the listing and the reading.
    }
  }

  /** The common part of the names of a group of threads; C1 and C2 are two groups. */
  static String group(String name) {
    return name.replaceAll("(?<=..)[-#(/ ]*[0-9].*$", "").strip();
  }

  /**
   * Parses a {@code stat} file; the name in it may contain any character, including parentheses.
   */
  static long millis(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[SYSTEM_TIME])) * TICK_MILLIS;
  }

  private static long resident() throws IOException {
    for (String line : Files.readAllLines(SELF.resolve("status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
      }
    }
    throw new IOException("no VmRSS in /proc/self/status");
  }

  /** Looked up by name, because the method is not in Java's API but in HotSpot's. */
  private static long allocated() {
    try {
      long[] threads = ManagementFactory.getThreadMXBean().getAllThreadIds();
      Object bytes =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName(ManagementFactory.THREAD_MXBEAN_NAME),
                  "getThreadAllocatedBytes",
                  new Object[] {threads},
                  new String[] {long[].class.getName()});
      // -1 for a thread that has ended.
      return Arrays.stream((long[]) bytes).filter(count -> count > 0).sum();
    } catch (JMException e) {
      throw new IllegalStateException("this JVM does not count the allocation of threads", e);
    }
  }
}
