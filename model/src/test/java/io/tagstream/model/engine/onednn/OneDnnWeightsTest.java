package io.tagstream.model.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tagstream.model.Throttle;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.Output;
import io.tagstream.model.engine.Processors;
import io.tagstream.model.engine.nd4j.DirectWeights;
import io.tagstream.model.engine.nd4j.OpenMp;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.store.Preprocessing;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * oneDNN against ND4J's ops on the same weights, on networks wide enough for Winograd's algorithm.
 */
class OneDnnWeightsTest {
  /** More than one part of a matrix, and not a multiple of it. */
  private static final int CLASSES = 100;

  /** conv3 to conv5 have 96, 96 and 64 channels, in two groups 48 and 32. */
  private static final NetworkDescription NETWORK = NetworkDescription.alexNet(CLASSES, 0.25);

  private static final int BATCH = 2 * OneDnnWeights.CHUNK;

  private static final Normalization NORMALIZATION =
      new Normalization(Preprocessing.tagstream(NETWORK.inputSize()));

  @BeforeEach
  void needsNatives() {
    assumeTrue(OneDnnWeights.areUsable(), "oneDNN has no natives for this machine");
  }

  @Test
  void wholeAndPartialChunksMatchTheOps() {
    try (DeviceWeights ours = weights();
        DeviceWeights ops =
            new DirectWeights(Initialisation.HE.draw(NETWORK, 1), NORMALIZATION, 2);
        Forward forward = ours.newForward(BATCH);
        Forward reference = ops.newForward(BATCH)) {
      for (int size : List.of(1, BATCH, OneDnnWeights.CHUNK + 3, 5)) {
        CropBatch batch = batch(size);
        for (Output output : Output.values()) {
          assertClose(rows(forward, batch, output), rows(reference, batch, output));
        }
      }
    }
  }

  /** A pass created in one thread runs in another, with fewer threads. */
  @Test
  void aPassMovesToAnotherThreadAndToFewerProcessors() throws Exception {
    CropBatch batch = batch(BATCH);
    try (DeviceWeights weights = weights();
        Forward forward = weights.newForward(BATCH)) {
      float[] here = rows(forward, batch, Output.PROBABILITIES);
      float[] there =
          CompletableFuture.supplyAsync(() -> rows(forward, batch, Output.PROBABILITIES)).get();
      assertClose(there, here);
      Processors.take(1, () -> assertClose(rows(forward, batch, Output.PROBABILITIES), here));
    }
  }

  /**
   * Without it throughput would silently drop by a fifth after a change of the library or its use.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 16})
  void wholeChunksUseWinogradWhereTheProcessorCan(int threads) {
    try (OneDnnWeights weights = weights(threads)) {
      OpenMp.useThreads(threads);
      int inputs = NETWORK.convolutions().get(1).channels();
      for (Convolution layer : NETWORK.convolutions().subList(2, 5)) {
        int channels = inputs;
        boolean transformed =
            Arena.scoped(
                () -> {
                  var winograd =
                      ConvolutionDescriptors.winograd(layer, OneDnnWeights.CHUNK, channels, 13);
                  assumeTrue(winograd.isPresent(), "Winograd's algorithm needs AVX-512");
                  return weights.hasKernels(layer, winograd.get().weights_desc());
                });
        assertThat(transformed).isTrue();
        inputs = layer.channels();
      }
    }
  }

  private static OneDnnWeights weights() {
    return weights(2);
  }

  private static OneDnnWeights weights(int threads) {
    return new OneDnnWeights(
        Initialisation.HE.draw(NETWORK, 1), NORMALIZATION, threads, Throttle.none());
  }

  private static CropBatch batch(int size) {
    Random random = new Random(2);
    List<byte[]> images =
        Stream.generate(() -> new byte[NORMALIZATION.cropBytes()]).limit(size).toList();
    images.forEach(random::nextBytes);
    return new CropBatch(images, 1, NORMALIZATION.cropBytes());
  }

  private static float[] rows(Forward forward, CropBatch batch, Output output) {
    FloatBuffer rows = forward.run(batch, output);
    float[] copy =
        new float
            [batch.size() * (output == Output.FEATURES ? NETWORK.features() : NETWORK.classes())];
    rows.get(0, copy);
    return copy;
  }

  private static void assertClose(float[] ones, float[] others) {
    float largest = 0;
    for (float other : others) {
      largest = Math.max(largest, Math.abs(other));
    }
    assertThat(largest).isPositive();
    for (int i = 0; i < others.length; i++) {
      assertThat(Math.abs(ones[i] - others[i])).isLessThan(1e-5f * largest);
    }
  }
}
