package io.tagstream.model.engine.nd4j;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.Gpu;
import io.tagstream.model.engine.Gpu.ComputeCapability;
import java.util.List;

/** The ND4J backend on the class path, which a profile of the build chooses. */
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
  /** nd4j-cuda-11.6: has machine code for these cards and no PTX, which newer cards would need. */
  CUDA {
    @Override
    public Device choose(Device asked, List<Gpu> gpus) {
      if (asked == Device.CPU) {
        throw new ModelException(
            "this build runs deeplearning4j on CUDA only: build without profile cuda, or use"
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

  /** The backend of this class path, found without loading it. */
  public static Nd4jBuild onClassPath() {
    String backend = "/org/nd4j/linalg/jcublas/JCublasBackend.class";
    return Nd4jBuild.class.getResource(backend) == null ? CPU : CUDA;
  }

  /**
   * Chooses the device. To be called before any class of ND4J is loaded: on a machine without a
   * suitable GPU ND4J itself fails with a page of link errors.
   *
   * @throws ModelException if the device asked for is not available
   */
  public abstract Device choose(Device asked, List<Gpu> gpus);

  /** The same exception, for a backend that failed to load. */
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
