package io.tagstream.benchmarks.probe;

import io.tagstream.settings.UserException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Starts probes, each in a JVM of its own. */
public final class ProbeRunner {
  private final Path logs;
  private final Duration patience;

  /**
   * @param logs a folder for what the probes print
   * @param patience after which a probe is ended
   */
  public ProbeRunner(Path logs, Duration patience) {
    this.logs = logs;
    this.patience = patience;
  }

  /**
   * Measures.
   *
   * @throws UserException with the end of its log when the probe fails or takes too long
   */
  public Map<String, Double> run(Class<? extends Probe> probe, ProbeTask task)
      throws InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(probe.getName()));
    arguments.addAll(task.arguments());
    File output = logs.resolve(probe.getSimpleName() + ".out").toFile();
    File log = logs.resolve(probe.getSimpleName() + ".log").toFile();
    try {
      Process process = ChildJvm.start(ProbeMain.class, arguments, output, log);
      try {
        if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
          throw failed(probe, "is not done after " + patience.toMinutes() + " minutes", log);
        }
      } finally {
        process.destroyForcibly();
      }
      if (process.exitValue() != 0) {
        throw failed(probe, "ended with exit code " + process.exitValue(), log);
      }
      return ProbeOutput.parse(Files.readAllLines(output.toPath()));
    } catch (IOException e) {
      throw new UserException("cannot run %s: %s".formatted(probe.getSimpleName(), e), e);
    }
  }

  private static UserException failed(Class<? extends Probe> probe, String how, File log)
      throws IOException {
    List<String> lines = Files.readAllLines(log.toPath());
    return new UserException(
        "%s %s: %s (all of it in %s)"
            .formatted(
                probe.getSimpleName(),
                how,
                lines.stream()
                    .filter(line -> line.contains("Exception") || line.contains("Error"))
                    .reduce((earlier, later) -> later)
                    .orElse("it says nothing of why"),
                log));
  }
}
