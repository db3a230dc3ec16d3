package io.tagstream.benchmarks.engines;

import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The highest rate of this machine, in {@code GFLOP/s} of fp32: the best turn of a large matrix
 * product and of a 3x3 convolution, both by oneDNN.
 */
public final class Roofline implements Probe {
  public static final String PRODUCT = "product GFLOP/s";
  public static final String CONVOLUTION = "convolution GFLOP/s";

  private static final int MATRIX = 2048;
  private static final int BATCH = 64;
  private static final int SIDE = 28;
  private static final int CHANNELS = 256;

  @Override
  public Map<String, Double> measure(ProbeTask task) {
    INDArray left = Nd4j.rand(DataType.FLOAT, MATRIX, MATRIX);
    INDArray right = Nd4j.rand(DataType.FLOAT, MATRIX, MATRIX);
    DynamicCustomOp product =
        DynamicCustomOp.builder("matmul")
            .addInputs(left, right)
            .addOutputs(Nd4j.create(DataType.FLOAT, MATRIX, MATRIX))
            .addIntegerArguments(0, 0, 0)
            .build();
    DynamicCustomOp convolution =
        DynamicCustomOp.builder("conv2d")
            .addInputs(
                Nd4j.rand(DataType.FLOAT, BATCH, SIDE, SIDE, CHANNELS),
                Nd4j.rand(DataType.FLOAT, 3, 3, CHANNELS, CHANNELS),
                Nd4j.zeros(DataType.FLOAT, CHANNELS))
            .addOutputs(Nd4j.create(DataType.FLOAT, BATCH, SIDE, SIDE, CHANNELS))
            // Kernel, stride, padding and dilation; explicit padding; NHWC; weights
            // [kH][kW][iC][oC].
            .addIntegerArguments(3, 3, 1, 1, 1, 1, 1, 1, 0, 1, 0)
            .build();
    double productFlops = 2.0 * MATRIX * MATRIX * MATRIX;
    double convolutionFlops = 2.0 * BATCH * SIDE * SIDE * CHANNELS * CHANNELS * 9;
    double bestProduct = 0;
    double bestConvolution = 0;
    for (int turn = 0; turn < task.warmUp() + task.count(); turn++) {
      bestProduct = Math.max(bestProduct, rate(product, productFlops));
      bestConvolution = Math.max(bestConvolution, rate(convolution, convolutionFlops));
    }
    return Map.of(PRODUCT, bestProduct, CONVOLUTION, bestConvolution);
  }

  private static double rate(DynamicCustomOp op, double flops) {
    long start = System.nanoTime();
    Nd4j.exec(op);
    return flops / (System.nanoTime() - start);
  }
}
