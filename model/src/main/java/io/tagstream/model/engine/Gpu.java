package io.tagstream.model.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A GPU.
 *
 * @param name as NVIDIA's driver reports it
 * @param computeCapability for example 8.6
 */
public record Gpu(String name, ComputeCapability computeCapability) {

  /** The generation of an NVIDIA card, which determines the machine code that it runs. */
  public record ComputeCapability(int major, int minor) implements Comparable<ComputeCapability> {
    static ComputeCapability parse(String text) {
      String[] parts = text.strip().split("\\.", 2);
      return new ComputeCapability(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
    }

    @Override
    public int compareTo(ComputeCapability other) {
      return major != other.major
          ? Integer.compare(major, other.major)
          : Integer.compare(minor, other.minor);
    }

    @Override
    public String toString() {
      return major + "." + minor;
    }
  }

  /** The machine's GPUs, as {@code nvidia-smi} lists them; empty if there is no driver. */
  public static List<Gpu> found() {
    try {
      Process process =
          new ProcessBuilder("nvidia-smi", "--query-gpu=compute_cap,name", "--format=csv,noheader")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        String lines = new String(process.getInputStream().readAllBytes(), UTF_8);
        boolean done = process.waitFor(10, TimeUnit.SECONDS);
        return done && process.exitValue() == 0 ? parse(lines) : List.of();
      } finally {
        process.destroy();
      }
    } catch (IOException noDriver) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  /** Reads lines such as {@code 8.6, NVIDIA A10G}. */
  static List<Gpu> parse(String lines) {
    return lines
        .lines()
        .filter(line -> line.matches("\\s*\\d+\\.\\d+\\s*,.*"))
        .map(
            line -> {
              String[] parts = line.split(",", 2);
              return new Gpu(parts[1].strip(), ComputeCapability.parse(parts[0]));
            })
        .toList();
  }

  /** A list of GPUs for messages. */
  public static String describe(List<Gpu> gpus) {
    return gpus.isEmpty()
        ? "no NVIDIA GPU"
        : String.join(", ", gpus.stream().map(Gpu::toString).toList());
  }

  @Override
  public String toString() {
    return "%s (compute capability %s)".formatted(name, computeCapability);
  }
}
