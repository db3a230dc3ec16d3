package io.tagstream.model.engine.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.tagstream.model.ModelException;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Forward;
import io.tagstream.model.engine.Gpu;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.Output;
import io.tagstream.model.engine.onnxruntime.TowerPieces.Meeting;
import io.tagstream.model.engine.onnxruntime.TowerPieces.Piece;
import io.tagstream.model.engine.towers.TowerLink;
import io.tagstream.model.engine.towers.TowerPair;
import io.tagstream.model.network.DeviceShare;
import io.tagstream.model.network.Towers;
import io.tagstream.model.onnx.FileMapping;
import io.tagstream.model.store.ModelBundle;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A network in two towers, of which each has a session for what it computes between two meetings:
 * on two GPUs, or beside each other on the CPU. What they take from each other passes through the
 * machine's memory.
 */
public final class TowerSessions implements DeviceWeights {
  private final ModelBundle bundle;
  private final List<List<Part>> towers = new ArrayList<>();

  /** A piece without its graph, and its session. */
  private record Part(
      Optional<Meeting> meeting,
      List<Integer> inputShape,
      List<Integer> outputShape,
      OrtSession session) {
    int inputNumbers() {
      return TowerPieces.numbers(inputShape);
    }

    int outputNumbers() {
      return TowerPieces.numbers(outputShape);
    }
  }

  /** How a tower's sessions compute. */
  private interface Device {
    SessionOptions options(int tower) throws OrtException;
  }

  private TowerSessions(ModelBundle bundle, Device device) throws OrtException, IOException {
    this.bundle = bundle;
    try (FileMapping file = FileMapping.of(bundle.onnx())) {
      LeanModel whole = LeanModel.read(file);
      if (whole.isQuantized()) {
        throw new ModelException(
            "version %s computes with integers, which is for one network: serve it with inference.towers=1, or the version it was made from"
                .formatted(bundle.version()));
      }
      for (DeviceShare share : DeviceShare.towers(bundle.network())) {
        List<Part> parts = new ArrayList<>();
        towers.add(parts);
        for (Piece piece : TowerPieces.of(whole, share)) {
          try (SessionOptions options = device.options(share.index())) {
            parts.add(
                new Part(
                    piece.meeting(),
                    piece.inputShape(),
                    piece.outputShape(),
                    SessionWeights.open(
                        NormalizationRewrite.apply(piece.model(), piece.normalized()), options)));
          }
        }
      }
    } catch (OrtException | IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Opens both towers on the CPU.
   *
   * @param threads of each run, half of them a tower's, at least one
   * @throws ModelException when the version computes with integers, or ONNX Runtime refuses it
   * @throws IllegalArgumentException when the network cannot be halved, with the layer
   */
  public static TowerSessions onCpu(ModelBundle bundle, int threads) {
    int own = Math.max(1, threads / Towers.COUNT);
    try {
      return new TowerSessions(bundle, tower -> SessionWeights.onCpu(own));
    } catch (OrtException | IOException e) {
      throw new ModelException(
          "ONNX Runtime cannot open %s: %s".formatted(bundle.onnx(), e.getMessage()), e);
    }
  }

  /**
   * Opens a tower on each of the first two GPUs.
   *
   * @throws ModelException when there are not two, or they do not fit
   * @throws IllegalArgumentException when the network cannot be halved, with the layer
   */
  public static TowerSessions onCuda(ModelBundle bundle) {
    SessionWeights.requireCuda(bundle);
    List<Gpu> found = Gpu.found();
    if (found.size() < Towers.COUNT) {
      throw new ModelException(
          "two towers need two GPUs, found: %s; serve with inference.towers=1 there, or --device cpu"
              .formatted(Gpu.describe(found)));
    }
    try {
      return new TowerSessions(bundle, SessionWeights::onCuda);
    } catch (OrtException e) {
      throw SessionWeights.unusable(Gpu.describe(found), Optional.of(e));
    } catch (IOException e) {
      throw new ModelException(
          "ONNX Runtime cannot open %s: %s".formatted(bundle.onnx(), e.getMessage()), e);
    }
  }

  @Override
  public TowerForward newForward(int maxBatch) {
    return new TowerForward(maxBatch);
  }

  @Override
  public void close() {
    try {
      for (List<Part> parts : towers) {
        for (Part part : parts) {
          part.session().close();
        }
      }
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime cannot close its session", e);
    }
  }

  /** A pass through both towers. */
  public final class TowerForward implements Forward {
    private final Normalization normalization = new Normalization(bundle.preprocessing());
    private final TowerPair pair = new TowerPair();
    private final List<Pass> passes = new ArrayList<>();

    private TowerForward(int maxBatch) {
      try {
        for (int tower = 0; tower < towers.size(); tower++) {
          passes.add(new Pass(towers.get(tower), pair.link(tower), maxBatch));
        }
      } catch (RuntimeException | Error e) {
        close();
        throw e;
      }
    }

    @Override
    public FloatBuffer run(CropBatch batch, Output output) {
      FloatBuffer[] rows = new FloatBuffer[passes.size()];
      pair.run(tower -> rows[tower] = passes.get(tower).run(batch, output, normalization));
      return rows[0];
    }

    @Override
    public void close() {
      passes.forEach(Pass::close);
      pair.close();
    }
  }

  /** One tower's. */
  private static final class Pass implements AutoCloseable {
    private final List<Part> parts;
    private final TowerLink link;

    /** By piece, {@code [batch][inputs]} and {@code [batch][outputs]}. */
    private final List<FloatPointer> inputs = new ArrayList<>();

    private final List<FloatPointer> outputs = new ArrayList<>();

    Pass(List<Part> parts, TowerLink link, int maxBatch) {
      this.parts = parts;
      this.link = link;
      for (Part part : parts) {
        inputs.add(new FloatPointer((long) maxBatch * part.inputNumbers()));
        outputs.add(new FloatPointer((long) maxBatch * part.outputNumbers()));
      }
    }

    FloatBuffer run(CropBatch batch, Output output, Normalization normalization) {
      FloatBuffer pixels = inputs.get(0).asBuffer();
      for (int crop = 0; crop < batch.size(); crop++) {
        normalization.planar(batch, crop, pixels, crop * batch.cropBytes());
      }
      // The last dense layer and the softmax come after the features.
      int features = parts.size() - 2;
      for (int i = 0; i < parts.size(); i++) {
        meet(i, batch.size());
        if (i == features && output == Output.FEATURES) {
          return inputs.get(i).asBuffer();
        }
        compute(i, batch.size());
      }
      return outputs.get(parts.size() - 1).asBuffer();
    }

    private void meet(int index, int size) {
      if (parts.get(index).meeting().isEmpty()) {
        return;
      }
      Meeting meeting = parts.get(index).meeting().get();
      FloatBuffer own =
          outputs.get(index - 1).asBuffer().slice(0, size * parts.get(index - 1).outputNumbers());
      FloatBuffer all =
          inputs.get(index).asBuffer().slice(0, size * parts.get(index).inputNumbers());
      if (meeting.neighbours().isPresent()) {
        link.widen(meeting.layer(), size, own, meeting.neighbours().get(), all);
      } else {
        link.gather(meeting.layer(), size, own, all);
      }
    }

    private void compute(int index, int size) {
      Part part = parts.get(index);
      try (OnnxTensor from = tensor(inputs.get(index), size, part.inputShape());
          OnnxTensor to = tensor(outputs.get(index), size, part.outputShape())) {
        part.session()
            .run(Map.of(TowerPieces.INPUT, from), Set.of(), Map.of(TowerPieces.OUTPUT, to))
            .close();
      } catch (OrtException e) {
        throw new IllegalStateException("ONNX Runtime failed to run the model", e);
      }
    }

    private static OnnxTensor tensor(FloatPointer numbers, int size, List<Integer> shape)
        throws OrtException {
      long[] dimensions =
          LongStream.concat(LongStream.of(size), shape.stream().mapToLong(Integer::longValue))
              .toArray();
      return OnnxTensor.createTensor(
          SessionWeights.environment(),
          numbers.asBuffer().slice(0, size * TowerPieces.numbers(shape)),
          dimensions);
    }

    @Override
    public void close() {
      inputs.forEach(FloatPointer::close);
      outputs.forEach(FloatPointer::close);
    }
  }
}
