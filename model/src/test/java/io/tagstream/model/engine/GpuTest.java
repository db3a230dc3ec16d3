package io.tagstream.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.nd4j.Nd4jBuild;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpuTest {
  @Test
  void readsTheOutputOfTheDriver() {
    assertThat(Gpu.parse("8.6, NVIDIA A10G\n9.0, NVIDIA H100 80GB HBM3\n"))
        .extracting(Gpu::toString)
        .containsExactly(
            "NVIDIA A10G (compute capability 8.6)",
            "NVIDIA H100 80GB HBM3 (compute capability 9.0)");
    assertThat(Gpu.parse("NVIDIA-SMI has failed because it couldn't communicate\n")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"3.5, false", "3.7, true", "7.5, true", "8.9, true", "9.0, false", "10.0, false"})
  void deeplearning4jsCudaRunsOnCardsItHasMachineCodeFor(String capability, boolean fits) {
    List<Gpu> gpus = Gpu.parse(capability + ", Card");
    if (fits) {
      assertThat(Nd4jBuild.CUDA.choose(Device.AUTO, gpus)).isEqualTo(Device.CUDA);
    } else {
      assertThatThrownBy(() -> Nd4jBuild.CUDA.choose(Device.AUTO, gpus))
          .isInstanceOf(ModelException.class)
          .hasMessage(
              "found: Card (compute capability %s), needs: compute capability 3.7-8.9, CUDA 11.6"
                      .formatted(capability)
                  + " and profile cuda; profile onnxruntime-cuda on newer cards");
    }
  }

  @Test
  void theCudaBuildNeedsAGpuAndNeverTakesTheCpuInstead() {
    for (Device device : List.of(Device.AUTO, Device.CUDA)) {
      assertThatThrownBy(() -> Nd4jBuild.CUDA.choose(device, List.of()))
          .isInstanceOf(ModelException.class)
          .hasMessageStartingWith("found: no NVIDIA GPU, needs: compute capability 3.7-8.9");
    }
    assertThatThrownBy(() -> Nd4jBuild.CUDA.choose(Device.CPU, Gpu.parse("8.6, Card")))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("build without profile cuda");
  }

  @Test
  void theCpuBuildRefusesCuda() {
    List<Gpu> gpus = Gpu.parse("8.6, Card");
    assertThat(Nd4jBuild.CPU.choose(Device.AUTO, gpus)).isEqualTo(Device.CPU);
    assertThat(Nd4jBuild.CPU.choose(Device.CPU, gpus)).isEqualTo(Device.CPU);
    assertThatThrownBy(() -> Nd4jBuild.CPU.choose(Device.CUDA, gpus))
        .isInstanceOf(ModelException.class)
        .hasMessageStartingWith("found: a build without CUDA for deeplearning4j and Card");
  }
}
