package io.tagstream.benchmarks.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.tagstream.benchmarks.engines.Contest;
import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Measures DJL's PyTorch with the same weights, on the task's threads, from bytes to probabilities.
 */
public final class TorchRates implements Probe {
  public static final String NAME = "DJL, PyTorch";

  @Override
  public Map<String, Double> measure(ProbeTask task) throws InterruptedException {
    ModelBundle bundle = new ModelStore(Path.of(task.models())).openLive();
    try (NDManager manager = Torch.start(Torch.folder(task.models()), task.threads());
        Weights weights = bundle.weights()) {
      TorchNetwork network = new TorchNetwork(manager, weights);
      Normalization normalization = new Normalization(bundle.preprocessing());
      return Contest.run(
          Map.of(NAME, crops -> probabilities(crops, network, normalization, manager)),
          normalization.cropBytes(),
          task);
    }
  }

  private static float[] probabilities(
      List<byte[]> crops, TorchNetwork network, Normalization normalization, NDManager manager) {
    CropBatch batch = new CropBatch(crops, 1, normalization.cropBytes());
    int side = network.inputSize();
    FloatBuffer pixels = FloatBuffer.allocate(crops.size() * normalization.cropBytes());
    for (int crop = 0; crop < crops.size(); crop++) {
      normalization.planar(batch, crop, pixels, crop * normalization.cropBytes());
    }
    try (NDManager call = manager.newSubManager()) {
      NDArray input = call.create(pixels.array(), new Shape(crops.size(), 3, side, side));
      return network.logits(input, false).softmax(1).toFloatArray();
    }
  }
}
