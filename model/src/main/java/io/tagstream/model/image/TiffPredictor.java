package io.tagstream.model.image;

import io.tagstream.model.image.TiffFormat.Differences;
import java.nio.ByteOrder;

/** Reverses the predictor that was applied to a row's samples before compression. */
final class TiffPredictor {
  private final Differences differences;
  private final int sampleBytes;
  private final int stride;
  private final boolean littleEndian;
  private byte[] planes = new byte[0];

  TiffPredictor(TiffFormat format) {
    differences = format.differences();
    sampleBytes = format.bits() / 8;
    stride = format.together();
    littleEndian = format.order() == ByteOrder.LITTLE_ENDIAN;
  }

  void undo(byte[] row) {
    switch (differences) {
      case NONE -> {}
      case HORIZONTAL -> addLeft(row);
      case FLOATING_POINT -> joinBytes(row);
    }
  }

  /** Horizontal differencing: each sample is the difference from the pixel to its left. */
  private void addLeft(byte[] row) {
    if (sampleBytes == 1) {
      for (int i = stride; i < row.length; i++) {
        row[i] += row[i - stride];
      }
      return;
    }
    if (sampleBytes == 2) {
      int high = littleEndian ? 1 : 0;
      int low = 1 - high;
      for (int at = 2 * stride, left = 0; at + 2 <= row.length; at += 2, left += 2) {
        int sum =
            ((row[at + high] & 0xff) << 8)
                + (row[at + low] & 0xff)
                + ((row[left + high] & 0xff) << 8)
                + (row[left + low] & 0xff);
        row[at + high] = (byte) (sum >> 8);
        row[at + low] = (byte) sum;
      }
      return;
    }
    int pixelBytes = stride * sampleBytes;
    for (int sample = pixelBytes; sample + sampleBytes <= row.length; sample += sampleBytes) {
      int carry = 0;
      for (int i = 0; i < sampleBytes; i++) {
        int at = sample + (littleEndian ? i : sampleBytes - 1 - i);
        int sum = (row[at] & 0xff) + (row[at - pixelBytes] & 0xff) + carry;
        row[at] = (byte) sum;
        carry = sum >> 8;
      }
    }
  }

  /**
   * Floating-point predictor: a row holds its samples' most significant bytes first, then the next
   * ones; each byte is the difference from its left neighbour.
   */
  private void joinBytes(byte[] row) {
    for (int i = stride; i < row.length; i++) {
      row[i] += row[i - stride];
    }
    if (planes.length != row.length) {
      planes = new byte[row.length];
    }
    System.arraycopy(row, 0, planes, 0, row.length);
    int samples = row.length / sampleBytes;
    for (int weight = 0; weight < sampleBytes; weight++) {
      int inSample = littleEndian ? sampleBytes - 1 - weight : weight;
      for (int i = 0; i < samples; i++) {
        row[i * sampleBytes + inSample] = planes[weight * samples + i];
      }
    }
  }
}
