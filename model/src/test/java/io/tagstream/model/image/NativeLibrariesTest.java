package io.tagstream.model.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** OpenCV and ND4J share JavaCPP and OpenBLAS, but are built against different versions of them. */
class NativeLibrariesTest {
  private static final String OPENCV_LIBRARY = "libopencv_";

  /** Runs in a separate JVM: decodes and multiplies in the order of its arguments. */
  public static final class Program {
    private Program() {}

    /** Prints each step's result, then the OpenCV libraries that are loaded. */
    public static void main(String[] order) throws UnreadableImageException, IOException {
      for (String step : order) {
        switch (step) {
          case "opencv" -> System.out.println("decoded " + decode());
          case "nd4j" -> System.out.println("product " + multiply());
          default -> throw new IllegalArgumentException(step);
        }
      }
      try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
        maps.filter(line -> line.contains(OPENCV_LIBRARY))
            .map(line -> line.substring(line.indexOf(OPENCV_LIBRARY)))
            .distinct()
            .sorted()
            .forEach(System.out::println);
      }
    }

    private static int decode() throws UnreadableImageException {
      try (ImageDecoder decoder = new ImageDecoder(64, 64, Views.CENTER, DecodeLimits.DEFAULT)) {
        return decoder.decode(TestPictures.encode(TestPictures.quadrants(), "png")).length;
      }
    }

    private static double multiply() {
      INDArray ones = Nd4j.ones(300, 300);
      return ones.mmul(ones).getDouble(7, 7);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"opencv nd4j opencv", "nd4j opencv nd4j"})
  @EnabledOnOs(value = OS.LINUX, disabledReason = "reads /proc/self/maps")
  void bothWorkInOneJvmWhicheverLoadsFirst(String order) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-cp", System.getProperty("java.class.path")));
    command.add(Program.class.getName());
    command.addAll(List.of(order.split(" ")));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();

    List<String> lines = process.inputReader().lines().toList();

    assertThat(process.waitFor()).isZero();
    assertThat(lines).contains("decoded 12288", "product 300.0");
    assertThat(lines.stream().filter(line -> line.startsWith(OPENCV_LIBRARY)))
        .allMatch(library -> library.matches("libopencv_(core|imgproc|imgcodecs)\\..*"))
        .hasSize(3);
  }
}
