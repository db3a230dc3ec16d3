package io.tagstream.model.training;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A fake step whose weights depend on every batch, learning rate, class and step number that it
 * received, in their order.
 */
final class ArithmeticStep implements TrainingStep {
  private final Setup setup;
  private final Map<String, float[]> weights = new TreeMap<>();
  private final Map<String, float[]> averages = new TreeMap<>();
  private long steps;

  ArithmeticStep(Setup setup) {
    this.setup = setup;
    for (Parameter parameter : setup.start().network().parameters()) {
      float[] values = new float[(int) parameter.count()];
      setup.start().get(parameter.name()).get(values);
      weights.put(parameter.name(), values);
      averages.put(parameter.name(), values.clone());
    }
  }

  @Override
  public double step(CropBatch crops, int[] classes, double learningRate) {
    double sum = 0;
    for (int i = 0; i < crops.size(); i++) {
      byte[] crop = crops.images().get(i);
      double pixels = 0;
      for (int at = 0; at < crop.length; at += 97) {
        pixels = 0.9 * pixels + (crop[at] & 0xff) / 255.0;
      }
      sum = 0.7 * sum + (classes[i] + 1) * pixels;
    }
    double decay = Math.min(setup.averaging().orElse(0.0), (1.0 + steps) / (10 + steps));
    for (String name : setup.trainable()) {
      float[] values = weights.get(name);
      float[] average = averages.get(name);
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (0.999 * values[i] + learningRate * Math.sin(sum + i + steps) / 1000);
        average[i] += (float) ((1 - decay) * (values[i] - average[i]));
      }
    }
    steps++;
    return 1 + Math.sin(sum) / 2;
  }

  @Override
  public Weights weights() {
    return copy(weights);
  }

  @Override
  public Weights averaged() {
    return copy(setup.averaging().isPresent() ? averages : weights);
  }

  private Weights copy(Map<String, float[]> from) {
    Map<String, FloatBuffer> values = new HashMap<>();
    from.forEach((name, numbers) -> values.put(name, FloatBuffer.wrap(numbers.clone())));
    return new Weights(setup.start().network(), values);
  }

  @Override
  public void save(OutputStream to) throws IOException {
    DataOutputStream out = new DataOutputStream(to);
    out.writeLong(steps);
    for (Map<String, float[]> map : List.of(weights, averages)) {
      for (float[] values : map.values()) {
        for (float value : values) {
          out.writeFloat(value);
        }
      }
    }
    out.flush();
  }

  @Override
  public void restore(InputStream from) throws IOException {
    DataInputStream in = new DataInputStream(from);
    steps = in.readLong();
    for (Map<String, float[]> map : List.of(weights, averages)) {
      for (float[] values : map.values()) {
        for (int i = 0; i < values.length; i++) {
          values[i] = in.readFloat();
        }
      }
    }
  }

  @Override
  public void close() {}
}
