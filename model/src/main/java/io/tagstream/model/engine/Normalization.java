package io.tagstream.model.engine;

import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Preprocessing.ChannelOrder;
import java.nio.FloatBuffer;

/**
 * Converts RGB bytes into the network's input. A byte has 256 values, so a table per channel holds
 * the result of scale, mean, deviation and rounding, and a pixel costs three look-ups.
 */
public final class Normalization {
  private final int side;
  private final int pixels;

  /** By the network's channel: which byte of a pixel it reads, from 0 for red to 2 for blue. */
  private final int[] source = new int[3];

  /** By the network's channel and the byte's value. */
  private final float[][] table = new float[3][256];

  public Normalization(Preprocessing preprocessing) {
    side = preprocessing.crop();
    pixels = side * side;
    for (int channel = 0; channel < 3; channel++) {
      source[channel] = preprocessing.channelOrder() == ChannelOrder.RGB ? channel : 2 - channel;
      double mean = preprocessing.mean().get(channel);
      double deviation = preprocessing.deviation().get(channel);
      for (int value = 0; value < 256; value++) {
        table[channel][value] = (float) ((value * preprocessing.scale() - mean) / deviation);
      }
    }
  }

  /** Bytes in a crop: {@code S * S * 3}. */
  public int cropBytes() {
    return pixels * 3;
  }

  /**
   * Writes crops as {@code [count][S][S][3]}, from index 0 of {@code target} on. Each row is built
   * in a heap array first, because the JVM stores into an array faster than into a buffer: 0.10 ms
   * instead of 0.15 ms for a crop of 227 x 227.
   */
  public void interleaved(CropBatch batch, int first, int count, FloatBuffer target) {
    float[] row = new float[side * 3];
    for (int crop = 0; crop < count; crop++) {
      byte[] image = batch.image(first + crop);
      int from = batch.offset(first + crop);
      for (int done = 0; done < cropBytes(); done += row.length) {
        interleaveRow(image, from + done, row);
        target.put(crop * cropBytes() + done, row);
      }
    }
  }

  private void interleaveRow(byte[] image, int from, float[] row) {
    float[] firstTable = table[0];
    float[] secondTable = table[1];
    float[] thirdTable = table[2];
    int first = from + source[0];
    int second = from + source[1];
    int third = from + source[2];
    for (int i = 0; i < row.length - 2; i += 3) {
      row[i] = firstTable[image[first + i] & 0xff];
      row[i + 1] = secondTable[image[second + i] & 0xff];
      row[i + 2] = thirdTable[image[third + i] & 0xff];
    }
  }

  /** Writes a crop as {@code [3][S][S]}, from index {@code at} of {@code target} on. */
  public void planar(CropBatch batch, int crop, FloatBuffer target, int at) {
    byte[] image = batch.image(crop);
    for (int channel = 0; channel < 3; channel++) {
      int from = batch.offset(crop) + source[channel];
      int to = at + channel * pixels;
      float[] values = table[channel];
      for (int i = 0; i < pixels; i++) {
        target.put(to + i, values[image[from + 3 * i] & 0xff]);
      }
    }
  }
}
