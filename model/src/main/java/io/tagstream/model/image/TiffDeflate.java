package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Strips or tiles in zlib's format; the checksum is verified. */
final class TiffDeflate implements TiffRows {
  private final byte[] file;
  private final Inflater inflater = new Inflater();
  private final byte[] rest = new byte[1];

  TiffDeflate(byte[] file) {
    this.file = file;
  }

  @Override
  public void start(int from, int length, long size) {
    inflater.reset();
    inflater.setInput(file, from, length);
  }

  @Override
  public void next(byte[] row) throws UnreadableImageException {
    for (int filled = 0; filled < row.length; ) {
      int count = inflate(row, filled);
      if (count == 0) {
        throw TiffRows.endsEarly("Deflate data");
      }
      filled += count;
    }
  }

  /** The inflater verifies the checksum after the last row. */
  @Override
  public void end() throws UnreadableImageException {
    inflate(rest, 0);
  }

  private int inflate(byte[] into, int from) throws UnreadableImageException {
    try {
      return inflater.inflate(into, from, into.length - from);
    } catch (DataFormatException e) {
      throw ImageFile.broken(TIFF, "damaged Deflate data: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    inflater.end();
  }
}
