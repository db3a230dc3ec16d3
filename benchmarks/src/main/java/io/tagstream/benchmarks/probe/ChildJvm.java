package io.tagstream.benchmarks.probe;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * JVMs with this one's options and class path, and the peers' libraries, which end when this one
 * does.
 */
final class ChildJvm {
  /** A file that holds the class path of the peers' libraries; the launcher sets it. */
  static final String PEERS = "tagstream.bench.peers";

  private ChildJvm() {}

  /** Starts one; its standard input stays open as long as this process lives. */
  static Process start(Class<?> main, List<String> arguments, File out, File err)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", classPath(), main.getName()));
    command.addAll(arguments);
    return new ProcessBuilder(command).redirectOutput(out).redirectError(err).start();
  }

  /** Without the property, as in tests, this process has the peers' libraries itself. */
  static String classPath() throws IOException {
    String own = System.getProperty("java.class.path");
    String peers = System.getProperty(PEERS);
    return peers == null
        ? own
        : own + File.pathSeparator + Files.readString(Path.of(peers)).strip();
  }

  /** In the child: ends it when its parent has let go of its standard input. */
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

  /** Returns when the parent is gone; it never writes anything. */
  static void awaitEndOfInput() {
    try {
      while (System.in.read() >= 0) {
        // Go on waiting.
      }
    } catch (IOException e) {
      // As good as the end.
    }
  }
}
