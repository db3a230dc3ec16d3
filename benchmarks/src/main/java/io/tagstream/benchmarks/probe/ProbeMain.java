package io.tagstream.benchmarks.probe;

import java.util.Arrays;
import java.util.List;

/** Main class of a probe's process; arguments: the class of the probe, then its task. */
final class ProbeMain {
  private ProbeMain() {}

  public static void main(String[] args) {
    ChildJvm.endWithParent();
    int exitCode = 0;
    try {
      measure(Arrays.asList(args));
    } catch (Exception | Error e) {
      e.printStackTrace();
      exitCode = 1;
    }
    // Clusters and clients that are still running or closing are not waited for.
    Runtime.getRuntime().halt(exitCode);
  }

  private static void measure(List<String> arguments) throws Exception {
    Probe probe =
        Class.forName(arguments.get(0))
            .asSubclass(Probe.class)
            .getDeclaredConstructor()
            .newInstance();
    probe
        .measure(ProbeTask.parse(arguments.subList(1, arguments.size())))
        .forEach((name, value) -> System.out.println(ProbeOutput.line(name, value)));
    System.out.flush();
  }
}
