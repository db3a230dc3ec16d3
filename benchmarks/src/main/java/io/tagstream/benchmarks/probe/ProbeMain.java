package io.tagstream.benchmarks.probe;

import java.util.Arrays;
import java.util.List;

/** The program of a probe's process: a probe's class, then its task. */
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
    // What is still running or closing, a cluster or a client, is of no interest any more.
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
