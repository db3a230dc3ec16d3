package io.tagstream.model.image;

import java.util.Arrays;

/**
 * Strips or tiles in PackBits, Apple's byte run lengths; runs may continue past the end of a row.
 */
final class TiffPackBits implements TiffRows {
  private static final int NOTHING = -128;

  private final byte[] file;
  private int at;
  private int end;

  /** Remaining bytes of the current run or literal. */
  private int left;

  private boolean run;

  TiffPackBits(byte[] file) {
    this.file = file;
  }

  @Override
  public void start(int from, int length, long size) {
    at = from;
    end = from + length;
    left = 0;
  }

  @Override
  public void next(byte[] row) throws UnreadableImageException {
    int filled = 0;
    while (filled < row.length) {
      if (left == 0) {
        begin();
        continue;
      }
      int count = Math.min(left, row.length - filled);
      if (run) {
        Arrays.fill(row, filled, filled + count, file[at]);
      } else {
        System.arraycopy(file, at, row, filled, count);
        at += count;
      }
      filled += count;
      left -= count;
      if (run && left == 0) {
        at++;
      }
    }
  }

  private void begin() throws UnreadableImageException {
    if (at >= end) {
      throw TiffRows.endsEarly("PackBits data");
    }
    int code = file[at++];
    if (code == NOTHING) {
      return;
    }
    run = code < 0;
    left = 1 + Math.abs(code);
    if (end - at < (run ? 1 : left)) {
      throw TiffRows.endsEarly("PackBits data");
    }
  }
}
