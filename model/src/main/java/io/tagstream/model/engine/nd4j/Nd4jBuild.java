package io.tagstream.model.engine.nd4j;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.Gpu;
import io.tagstream.model.engine.Gpu.ComputeCapability;
import java.util.List;

/** What the ND4J backend on the class path runs on: the build chooses it, by profile. */
public enum Nd4jBuild {
  /** nd4j-native. */
  CPU {
    @Override
    public Device choose(Device asked, List<Gpu> gpus) {
      if (asked == Device.CUDA) {
        throw new ModelException(
            message("a build without CUDA for deeplearning4j and " + Gpu.describe(gpus)));
      }
      return Device.CPU;
    }
  },
  /** nd4j-cuda-11.6: machine code for these cards, and none that newer ones could translate. */
  CUDA {
    @Override
    public Device choose(Device asked, List<Gpu> gpus) {
      if (asked == Device.CPU) {
        throw new ModelException(
            "this build runs deeplearning4j on CUDA only: build without profile cuda, or take"
                + " --engine onnxruntime");
      }
      if (gpus.stream().map(Gpu::computeCapability).noneMatch(Nd4jBuild::fits)) {
        throw new ModelException(message(Gpu.describe(gpus)));
      }
      return Device.CUDA;
    }
  };

  private static final ComputeCapability OLDEST = new ComputeCapability(3, 7);
  private static final ComputeCapability NEWEST = new ComputeCapability(8, 9);
  private static final String NEEDS =
      "compute capability %s-%s, CUDA 11.6 and profile cuda; profile onnxruntime-cuda on newer"
              .formatted(OLDEST, NEWEST)
          + " cards";

  /** The backend of this class path; loads none of it. */
  public static Nd4jBuild onClassPath() {
    String backend = "/org/nd4j/linalg/jcublas/JCublasBackend.class";
    return Nd4jBuild.class.getResource(backend) == null ? CPU : CUDA;
  }

  /**
   * Where to compute. Asked before anything of ND4J is touched, whose own failure on a machine
   * without a fitting GPU is a page of link errors.
   *
   * @throws ModelException when what was asked for is not to be had
   */
  public abstract Device choose(Device asked, List<Gpu> gpus);

  /** The same, said after the backend failed to load. */
  public static ModelException unusable(String found, LinkageError cause) {
    return new ModelException(message(found), cause);
  }

  private static String message(String found) {
    return "found: %s, needs: %s".formatted(found, NEEDS);
  }

  private static boolean fits(ComputeCapability card) {
    return card.compareTo(OLDEST) >= 0 && card.compareTo(NEWEST) <= 0;
  }
}
