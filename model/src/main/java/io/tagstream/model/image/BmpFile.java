package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.BMP;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.util.List;

/**
 * A BMP. A fourth byte a pixel is no alpha channel here: most writers leave it zero, which would
 * make their pictures invisible.
 */
final class BmpFile implements CodecFile {
  private static final int FILE_HEADER = 14;
  private static final int CORE_HEADER = 12;
  private static final int INFO_HEADER = 40;
  private static final int UNCOMPRESSED = 0;
  private static final int BIT_FIELDS = 3;

  private final EncodedBytes bytes;
  private final ImageHeader header;
  private final int bitsPerPixel;
  private final long compression;

  private BmpFile(EncodedBytes bytes, ImageHeader header, int bitsPerPixel, long compression) {
    this.bytes = bytes;
    this.header = header;
    this.bitsPerPixel = bitsPerPixel;
    this.compression = compression;
  }

  static BmpFile open(EncodedBytes bytes) throws UnreadableImageException {
    long size = bytes.unsignedInt(FILE_HEADER, LITTLE_ENDIAN);
    if (size == CORE_HEADER) {
      ImageHeader header =
          ImageHeader.declared(
              BMP, bytes.unsignedShort(18, LITTLE_ENDIAN), bytes.unsignedShort(20, LITTLE_ENDIAN));
      return new BmpFile(bytes, header, bytes.unsignedShort(24, LITTLE_ENDIAN), UNCOMPRESSED);
    }
    if (size < INFO_HEADER) {
      throw ImageFile.broken(BMP, "a header of %d bytes".formatted(size));
    }
    int width = (int) bytes.unsignedInt(18, LITTLE_ENDIAN);
    // Negative where the first row is the uppermost.
    int height = (int) bytes.unsignedInt(22, LITTLE_ENDIAN);
    ImageHeader header = ImageHeader.declared(BMP, width, Math.abs((long) height));
    return new BmpFile(
        bytes,
        header,
        bytes.unsignedShort(28, LITTLE_ENDIAN),
        bytes.unsignedInt(30, LITTLE_ENDIAN));
  }

  @Override
  public ImageHeader header() {
    return header;
  }

  @Override
  public Orientation orientation() {
    return Orientation.UPRIGHT;
  }

  @Override
  public Alpha alpha() {
    return Alpha.NONE;
  }

  /** Run lengths are left to the codec, which fails where they end early. */
  @Override
  public void checkWhole() throws UnreadableImageException {
    long pixels = bytes.unsignedInt(10, LITTLE_ENDIAN);
    bytes.require(pixels, 1);
    if (compression == UNCOMPRESSED || compression == BIT_FIELDS) {
      // Rows are padded to four bytes.
      long row = ((long) header.width() * bitsPerPixel + 31) / 32 * 4;
      bytes.require(pixels, row * header.height());
    }
  }

  @Override
  public List<Part> parts() {
    return List.of(new Part(bytes, 0, bytes.length()));
  }
}
