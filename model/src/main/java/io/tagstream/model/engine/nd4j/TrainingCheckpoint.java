package io.tagstream.model.engine.nd4j;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.TrainingStep.Setup;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The file format of a training's state: a description of the training, the number of steps, the
 * arrays as little-endian floats one after the other, and a CRC-32C of all that. The arrays are
 * copied block by block.
 */
final class TrainingCheckpoint {
  private static final String FORMAT = "tagstream training 1";
  private static final int BLOCK = 1 << 14;

  /** The most entries that a description may have; a valid one has fewer. */
  private static final int MOST_PARTS = 100;

  /** Key of the description, present with two towers. */
  private static final String TOWERS = "towers";

  private TrainingCheckpoint() {}

  /** Writes a checkpoint; does not close the stream. */
  static void write(Setup setup, int devices, long steps, List<INDArray> arrays, OutputStream to)
      throws IOException {
    CheckedOutputStream checked = new CheckedOutputStream(to, new CRC32C());
    DataOutputStream out = new DataOutputStream(checked);
    out.writeUTF(FORMAT);
    Map<String, String> parts = description(setup, devices);
    out.writeInt(parts.size());
    for (Map.Entry<String, String> part : parts.entrySet()) {
      out.writeUTF(part.getKey());
      byte[] value = part.getValue().getBytes(UTF_8);
      out.writeInt(value.length);
      out.write(value);
    }
    out.writeLong(steps);
    float[] numbers = new float[BLOCK];
    ByteBuffer bytes = ByteBuffer.allocate(BLOCK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (INDArray array : arrays) {
      FloatBuffer from = DirectWeights.buffer(array);
      for (int at = 0; at < from.capacity(); at += BLOCK) {
        int count = Math.min(BLOCK, from.capacity() - at);
        from.get(at, numbers, 0, count);
        bytes.asFloatBuffer().put(numbers, 0, count);
        out.write(bytes.array(), 0, count * Float.BYTES);
      }
    }
    out.writeLong(checked.getChecksum().getValue());
    out.flush();
  }

  /**
   * Reads a checkpoint into the arrays.
   *
   * @return the number of steps
   * @throws ModelException if it is of another training, truncated or damaged
   */
  static long read(Setup setup, int devices, List<INDArray> arrays, InputStream from)
      throws IOException {
    try {
      return readWhole(setup, devices, arrays, from);
    } catch (EOFException e) {
      throw new ModelException("the training's checkpoint is truncated", e);
    }
  }

  private static long readWhole(Setup setup, int devices, List<INDArray> arrays, InputStream from)
      throws IOException {
    CheckedInputStream checked = new CheckedInputStream(from, new CRC32C());
    DataInputStream in = new DataInputStream(checked);
    requireFormat(in);
    requireSame(description(setup, devices), in);
    long steps = in.readLong();
    float[] numbers = new float[BLOCK];
    ByteBuffer bytes = ByteBuffer.allocate(BLOCK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (INDArray array : arrays) {
      FloatBuffer to = DirectWeights.buffer(array);
      for (int at = 0; at < to.capacity(); at += BLOCK) {
        int count = Math.min(BLOCK, to.capacity() - at);
        in.readFully(bytes.array(), 0, count * Float.BYTES);
        bytes.asFloatBuffer().get(numbers, 0, count);
        to.put(at, numbers, 0, count);
      }
    }
    long sum = checked.getChecksum().getValue();
    if (in.readLong() != sum) {
      throw new ModelException("the training's checkpoint is damaged: its checksum does not match");
    }
    return steps;
  }

  private static void requireFormat(DataInputStream in) throws IOException {
    byte[] expected = FORMAT.getBytes(UTF_8);
    if (in.readUnsignedShort() != expected.length) {
      throw notOurs();
    }
    byte[] found = new byte[expected.length];
    in.readFully(found);
    if (!FORMAT.equals(new String(found, UTF_8))) {
      throw notOurs();
    }
  }

  private static ModelException notOurs() {
    return new ModelException("not a training's checkpoint, or one of another release");
  }

  private static void requireSame(Map<String, String> expected, DataInputStream in)
      throws IOException {
    int parts = in.readInt();
    if (parts < 0 || parts > MOST_PARTS) {
      throw notOurs();
    }
    Map<String, String> found = new TreeMap<>();
    for (int i = 0; i < parts; i++) {
      String name = in.readUTF();
      int length = in.readInt();
      if (length < 0 || length > 1 << 20) {
        throw notOurs();
      }
      byte[] value = new byte[length];
      in.readFully(value);
      found.put(name, new String(value, UTF_8));
    }
    if (!found.getOrDefault(TOWERS, "1").equals(expected.getOrDefault(TOWERS, "1"))) {
      throw new ModelException(
          "the checkpoint is of a training with training.towers=%s: resume it with that setting"
              .formatted(found.getOrDefault(TOWERS, "1")));
    }
    if (!found.keySet().equals(expected.keySet())) {
      throw notOurs();
    }
    expected.forEach(
        (name, value) -> {
          if (!value.equals(found.get(name))) {
            throw new ModelException(
                "the checkpoint is of another training: its %s is %s, not %s"
                    .formatted(name, found.get(name), value));
          }
        });
  }

  /** Everything that determines a step, apart from the arrays and the number of steps. */
  private static Map<String, String> description(Setup setup, int devices) {
    Map<String, String> parts = new TreeMap<>();
    parts.put("network", setup.start().network().toString());
    parts.put("preprocessing", setup.preprocessing().toString());
    parts.put("trainable", new TreeSet<>(setup.trainable()).toString());
    parts.put("optimizer", setup.optimizer().toString());
    parts.put("label smoothing", Double.toString(setup.labelSmoothing()));
    parts.put("averaging", setup.averaging().map(d -> Double.toString(d)).orElse("none"));
    parts.put("seed", Long.toString(setup.seed()));
    if (devices > 1) {
      parts.put(TOWERS, Integer.toString(devices));
    }
    return parts;
  }
}
