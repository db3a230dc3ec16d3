package io.tagstream.benchmarks.peers;

import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.modality.cv.util.NDImageUtils;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.schemas.WireFormat;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.util.Collector;

/**
 * DJL in a Flink function: DJL reads and scales the images, PyTorch computes batches. Images that
 * wait for their batch when the job fails are lost, as usual in such functions.
 */
final class TorchMap extends RichFlatMapFunction<IncomingRecord, String> {
  private static final long serialVersionUID = 1L;
  private static final int TAGS = 5;

  private final String models;
  private final int batch;
  private transient WireFormat<io.tagstream.schemas.Image> format;
  private transient NDManager manager;
  private transient TorchNetwork network;
  private transient Preprocessing preprocessing;
  private transient List<String> labels;
  private transient List<String> ids;
  private transient List<NDArray> inputs;

  TorchMap(String models, int batch) {
    this.models = models;
    this.batch = batch;
  }

  @Override
  public void open(OpenContext context) {
    manager = Torch.start(Torch.folder(models), 1);
    ModelBundle bundle = new ModelStore(Path.of(models)).openLive();
    try (Weights weights = bundle.weights()) {
      network = new TorchNetwork(manager, weights);
    }
    format = WireFormat.of(io.tagstream.schemas.Image.class);
    preprocessing = bundle.preprocessing();
    labels = bundle.labels();
    ids = new ArrayList<>();
    inputs = new ArrayList<>();
  }

  @Override
  public void flatMap(IncomingRecord record, Collector<String> out) throws Exception {
    io.tagstream.schemas.Image image = format.decode(record.value);
    ByteBuffer content = image.getContent().orElseThrow();
    byte[] bytes = new byte[content.remaining()];
    content.get(bytes);
    try {
      inputs.add(
          input(ImageFactory.getInstance().fromInputStream(new ByteArrayInputStream(bytes))));
      ids.add(image.getId());
    } catch (IOException | RuntimeException e) {
      // ImageIO throws on colour profiles that it does not support.
      out.collect(image.getId() + "\tunknown");
      Meter.ofProcess().answered(1);
    }
    if (inputs.size() == batch) {
      answer(out);
    }
  }

  /** Returns {@code [3][S][S]}. */
  private NDArray input(Image image) {
    int shorter = Math.min(image.getWidth(), image.getHeight());
    int width = image.getWidth() * preprocessing.resize() / shorter;
    int height = image.getHeight() * preprocessing.resize() / shorter;
    NDArray pixels = image.toNDArray(manager, Image.Flag.COLOR);
    NDArray scaled = NDImageUtils.resize(pixels, width, height, Image.Interpolation.BILINEAR);
    NDArray crop = NDImageUtils.centerCrop(scaled, preprocessing.crop(), preprocessing.crop());
    NDArray tensor = NDImageUtils.toTensor(crop);
    NDArray normalized =
        NDImageUtils.normalize(
            tensor, floats(preprocessing.mean()), floats(preprocessing.deviation()));
    List.of(pixels, scaled, crop, tensor).forEach(NDArray::close);
    return normalized;
  }

  /** Mean and deviation on the scale of 0 to 1 of {@code toTensor}. */
  private static float[] floats(List<Double> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i).floatValue();
    }
    return floats;
  }

  private void answer(Collector<String> out) {
    try (NDManager call = manager.newSubManager()) {
      NDArray stacked = NDArrays.stack(new NDList(inputs));
      stacked.attach(call);
      NDArray probabilities = network.logits(stacked, false).softmax(1);
      long[] best = probabilities.argSort(1, false).get(":, :" + TAGS).toLongArray();
      for (int i = 0; i < ids.size(); i++) {
        StringBuilder answer = new StringBuilder(ids.get(i));
        for (int tag = 0; tag < TAGS; tag++) {
          answer.append('\t').append(labels.get((int) best[i * TAGS + tag]));
        }
        out.collect(answer.toString());
      }
    }
    Meter.ofProcess().answered(ids.size());
    inputs.forEach(NDArray::close);
    inputs.clear();
    ids.clear();
  }

  @Override
  public void close() {
    if (manager != null) {
      manager.close();
    }
  }
}
