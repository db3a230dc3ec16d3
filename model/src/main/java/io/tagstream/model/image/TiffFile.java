package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

/** The first image of a TIFF or BigTIFF, in strips or tiles. */
final class TiffFile implements RowFile {
  private final EncodedBytes bytes;
  private final TiffDirectory directory;
  private final TiffFormat format;
  private final ImageHeader header;
  private final Orientation orientation;
  private final TiffPieces pieces;

  private TiffFile(
      EncodedBytes bytes,
      TiffDirectory directory,
      TiffFormat format,
      ImageHeader header,
      Orientation orientation,
      TiffPieces pieces) {
    this.bytes = bytes;
    this.directory = directory;
    this.format = format;
    this.header = header;
    this.orientation = orientation;
    this.pieces = pieces;
  }

  static TiffFile open(EncodedBytes bytes) throws UnreadableImageException {
    TiffDirectory directory = new TiffDirectory(bytes);
    ImageHeader header =
        ImageHeader.declared(
            TIFF,
            directory.value(TiffDirectory.WIDTH, 0),
            directory.value(TiffDirectory.HEIGHT, 0));
    TiffFormat format = TiffFormat.of(directory);
    Orientation orientation = Orientation.of(directory.value(TiffDirectory.ORIENTATION, 1));
    TiffPieces pieces = TiffPieces.of(bytes, directory, format, header);
    return new TiffFile(bytes, directory, format, header, orientation, pieces);
  }

  @Override
  public ImageHeader header() {
    return header;
  }

  @Override
  public Orientation orientation() {
    return orientation;
  }

  /**
   * A JPEG strip or tile may be as large as the image, and progressive. Other compressions are
   * decoded row by row.
   */
  @Override
  public long workingBytes() {
    return 8 * header().pixels();
  }

  @Override
  public void checkWhole() throws UnreadableImageException {
    RowFile.checkWidth(header);
    pieces.checkWhole();
  }

  @Override
  public void decode(RowSink sink) throws UnreadableImageException {
    try (TiffPixels pixels = new TiffPixels(bytes, directory, format, header, pieces)) {
      pixels.decode(sink);
    }
  }
}
