package io.tagstream.model.image;

/** Uncompressed strips or tiles. */
final class TiffStored implements TiffRows {
  private final byte[] file;
  private int at;
  private int end;

  TiffStored(byte[] file) {
    this.file = file;
  }

  @Override
  public void start(int from, int length, long size) {
    at = from;
    end = from + length;
  }

  @Override
  public void next(byte[] row) throws UnreadableImageException {
    if (end - at < row.length) {
      throw TiffRows.endsEarly("a strip or tile");
    }
    System.arraycopy(file, at, row, 0, row.length);
    at += row.length;
  }
}
