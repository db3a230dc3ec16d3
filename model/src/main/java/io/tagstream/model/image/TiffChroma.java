package io.tagstream.model.image;

/**
 * Expands subsampled YCbCr to rows: in the file, each unit of pixels has its lumas, row by row,
 * then one value of each chroma.
 */
final class TiffChroma implements TiffRows {
  private final TiffRows units;
  private final int across;
  private final int down;
  private final int width;
  private final byte[] row;
  private int line;

  /**
   * @param across columns that share chroma
   * @param down rows that share chroma
   * @param width columns of the image
   */
  TiffChroma(TiffRows units, int across, int down, int width) {
    this.units = units;
    this.across = across;
    this.down = down;
    this.width = width;
    row = new byte[(width + across - 1) / across * (across * down + 2)];
  }

  @Override
  public void start(int from, int length, long size) throws UnreadableImageException {
    long rows = size / (3L * width);
    units.start(from, length, (rows + down - 1) / down * row.length);
    line = down;
  }

  @Override
  public void next(byte[] into) throws UnreadableImageException {
    if (line == down) {
      units.next(row);
      line = 0;
    }
    int unitBytes = across * down + 2;
    for (int x = 0; x < width; x++) {
      int unit = x / across * unitBytes;
      into[3 * x] = row[unit + line * across + x % across];
      into[3 * x + 1] = row[unit + unitBytes - 2];
      into[3 * x + 2] = row[unit + unitBytes - 1];
    }
    line++;
  }

  @Override
  public void end() throws UnreadableImageException {
    units.end();
  }

  @Override
  public void close() {
    units.close();
  }
}
