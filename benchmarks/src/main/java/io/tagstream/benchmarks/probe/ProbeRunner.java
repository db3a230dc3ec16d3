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

/** Runs probes, each in a separate JVM. */
public final class ProbeRunner {
  private final Path logs;
  private final Duration patience;

  /**
   * @param logs folder for the output of the probes
   * @param patience time after which a probe is killed
   */
  public ProbeRunner(Path logs, Duration patience) {
    this.logs = logs;
    this.patience = patience;
  }

  /**
   * Runs a probe and returns its figures.
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
        "%s %s: %s (complete log: %s)"
            .formatted(
                probe.getSimpleName(),
                how,
                lines.stream()
                    .filter(line -> line.contains("Exception") || line.contains("Error"))
                    .reduce((earlier, later) -> later)
                    .orElse("its log is empty"),
                log));
  }
}
