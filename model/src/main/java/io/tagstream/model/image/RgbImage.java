package io.tagstream.model.image;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;

/** A decoded image: {@code [height][width][3]} RGB bytes. */
public final class RgbImage {
  private static final VarHandle LITTLE_LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long PIXEL = 0xffffff;

  private final int width;
  private final int height;
  private final byte[] pixels;

  /**
   * @param pixels {@code [height][width][3]}, not copied
   */
  public RgbImage(int width, int height, byte[] pixels) {
    if (width < 1 || height < 1 || pixels.length != (long) width * height * 3) {
      throw new IllegalArgumentException(
          "%d bytes are not a %d x %d RGB image".formatted(pixels.length, width, height));
    }
    this.width = width;
    this.height = height;
    this.pixels = pixels;
  }

  public int width() {
    return width;
  }

  public int height() {
    return height;
  }

  /** {@code [height][width][3]}, not a copy. */
  public byte[] pixels() {
    return pixels;
  }

  /**
   * Cuts out a square.
   *
   * @param x its left edge, in pixels
   * @param y its upper edge, in pixels
   * @param side its side, in pixels
   * @param flip whether left and right are swapped
   * @return {@code [side][side][3]}, freshly allocated
   */
  public byte[] crop(int x, int y, int side, boolean flip) {
    byte[] crop = new byte[side * side * 3];
    crop(x, y, side, flip, crop, 0);
    return crop;
  }

  /**
   * As {@link #crop(int, int, int, boolean)}, into a part of an array.
   *
   * @param into receives {@code side * side * 3} bytes from {@code offset} on
   */
  public void crop(int x, int y, int side, boolean flip, byte[] into, int offset) {
    Objects.checkFromIndexSize(x, side, width);
    Objects.checkFromIndexSize(y, side, height);
    int rowBytes = side * 3;
    Objects.checkFromIndexSize(offset, side * rowBytes, into.length);
    for (int row = 0; row < side; row++) {
      int from = ((y + row) * width + x) * 3;
      int to = offset + row * rowBytes;
      if (flip) {
        flipRow(from, side, into, to);
      } else {
        System.arraycopy(pixels, from, into, to, rowBytes);
      }
    }
  }

  /** Copies a row's pixels in reverse order, two at a time, which takes a third of the time. */
  private void flipRow(int from, int side, byte[] into, int to) {
    int left = from;
    int end = to + side * 3;
    // Eight bytes hold two pixels and two spare bytes. The spare bytes overwrite the place of the
    // next pixels, so the last pixels are copied one by one.
    while (end - to > 6) {
      long pair = (long) LITTLE_LONG.get(pixels, left);
      long swapped = (pair >>> 24 & PIXEL) | (pair & PIXEL) << 24;
      LITTLE_LONG.set(into, end - 8, swapped << 16);
      left += 6;
      end -= 6;
    }
    for (; end > to; left += 3, end -= 3) {
      into[end - 3] = pixels[left];
      into[end - 2] = pixels[left + 1];
      into[end - 1] = pixels[left + 2];
    }
  }
}
