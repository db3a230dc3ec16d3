package io.tagstream.model.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.Throttle;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The paper's network, 240 MB, through the store in a virtual machine with a heap of 32 MB. */
@Tag("long")
class FullSizeBundleTest {
  private static final String HEAP = "-Xmx32m";

  @TempDir Path folder;

  @Test
  void theHeapDoesNotGrowWithTheModel() throws Exception {
    Path zooFile = Path.of(getClass().getResource("/onnx/light_bvlc_alexnet.onnx").toURI());
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                HEAP,
                "-XX:MaxDirectMemorySize=600m",
                "-cp",
                System.getProperty("java.class.path"),
                FullSizeBundleTest.class.getName(),
                folder.resolve("models").toString(),
                zooFile.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    String output = Files.readString(log, StandardCharsets.UTF_8);
    System.out.println(output);
    assertThat(process.exitValue()).as(output).isZero();
  }

  /**
   * Writes, lists, opens, exports and imports full-size models, and prints the time of each.
   *
   * @param arguments a folder for models, and BVLC's AlexNet of the ONNX model zoo
   */
  public static void main(String[] arguments) throws Exception {
    ModelStore store = new ModelStore(Path.of(arguments[0]));
    NetworkDescription network = NetworkDescription.alexNet(1000);
    ModelDraft draft =
        new ModelDraft(
            drawn(network),
            Preprocessing.tagstream(network.inputSize()),
            IntStream.range(0, 1000).mapToObj(i -> "class-" + i).toList(),
            Optional.empty(),
            Provenance.made("drawn", "numbered", "none"));
    for (int round = 0; round < 2; round++) {
      ModelBundle written = timed("write", () -> store.write(draft));
      System.out.println(Files.size(written.onnx()) + " bytes");
      timed("versions and metadata", () -> store.metadata(store.versions().get(0)));
      ModelBundle opened = timed("open, verified", () -> store.open(written.version()));
      timed("weights", opened::weights);
      timed("sha-256", () -> BundleFolder.sha256(opened.onnx(), Throttle.none()));
      timed(
          "finite",
          () -> {
            BundleFolder.requireFinite(opened.weights(), "the model", Throttle.none());
            return opened;
          });
    }
    ModelBundle imported =
        timed(
            "import of BVLC's",
            () ->
                new ModelImport(Path.of(arguments[1]), Optional.empty(), Optional.empty())
                    .into(store));
    List<Integer> sides = store.open(imported.version()).network().sides();
    if (!sides.equals(List.of(224, 26, 12, 12, 12, 6))) {
      throw new IllegalStateException("sides " + sides);
    }
  }

  private static <T> T timed(String what, Callable<T> work) throws Exception {
    long start = System.nanoTime();
    T result = work.call();
    System.out.printf("%s: %.3f s%n", what, (System.nanoTime() - start) / 1e9);
    return result;
  }

  private static Weights drawn(NetworkDescription network) {
    SplittableRandom random = new SplittableRandom(1);
    Map<String, FloatBuffer> values = new HashMap<>();
    for (Parameter parameter : network.parameters()) {
      FloatBuffer numbers =
          ByteBuffer.allocateDirect(Math.toIntExact(parameter.count() * Float.BYTES))
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
      while (numbers.hasRemaining()) {
        numbers.put((float) random.nextDouble() - 0.5f);
      }
      values.put(parameter.name(), numbers.flip());
    }
    return new Weights(network, values);
  }
}
