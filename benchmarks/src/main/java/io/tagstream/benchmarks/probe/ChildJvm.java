package io.tagstream.benchmarks.probe;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts JVMs with the options and the class path of this one and the libraries of the peers. They
 * end when this one ends.
 */
final class ChildJvm {
  /**
   * Property with a file that contains the class path of the peers' libraries; the launcher sets
   * it.
   */
  static final String PEERS = "tagstream.bench.peers";

  private ChildJvm() {}

  /** Starts a JVM; its standard input stays open as long as this process lives. */
  static Process start(Class<?> main, List<String> arguments, File out, File err)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", classPath(), main.getName()));
    command.addAll(arguments);
    return new ProcessBuilder(command).redirectOutput(out).redirectError(err).start();
  }

  /** Without the property, as in tests, the class path of this process has the peers' libraries. */
  static String classPath() throws IOException {
    String own = System.getProperty("java.class.path");
    String peers = System.getProperty(PEERS);
    return peers == null
        ? own
        : own + File.pathSeparator + Files.readString(Path.of(peers)).strip();
  }

  /** Called in the child: ends the process when the parent closes its standard input. */
  static void endWithParent() {
    Thread watch =
        new Thread(
            () -> {
              awaitEndOfInput();
              Runtime.getRuntime().halt(1);
            },
            "parent watch");
    watch.setDaemon(true);
    watch.start();
  }

  /** Returns when the parent has ended; the parent never writes. */
  static void awaitEndOfInput() {
    try {
      while (System.in.read() >= 0) {
        // Keep waiting.
      }
    } catch (IOException e) {
      // A broken pipe also means that the parent has ended.
    }
  }
}
