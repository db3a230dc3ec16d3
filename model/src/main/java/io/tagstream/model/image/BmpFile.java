package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.BMP;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

/**
 * A Windows or OS/2 BMP. The fourth byte of a pixel is alpha only if the header declares an alpha
 * mask and at least one pixel is not transparent: many writers leave that byte zero.
 */
final class BmpFile implements RowFile {
  private static final int FILE_HEADER = 14;
  private static final int CORE_HEADER = 12;
  private static final int OS2_SMALLEST_HEADER = 16;
  private static final int OS2_HEADER = 64;
  private static final int INFO_HEADER = 40;
  private static final int ALPHA_MASK_HEADER = 56;
  private static final int MASKS_AT = FILE_HEADER + INFO_HEADER;

  private final EncodedBytes bytes;
  private final ImageHeader header;
  private final boolean topDown;
  private final int bitsPerPixel;
  private final Compression compression;

  /** Where the pixels begin. */
  private final long pixels;

  private final BmpColors colors;

  private BmpFile(
      EncodedBytes bytes,
      ImageHeader header,
      boolean topDown,
      int bitsPerPixel,
      Compression compression,
      long pixels,
      BmpColors colors) {
    this.bytes = bytes;
    this.header = header;
    this.topDown = topDown;
    this.bitsPerPixel = bitsPerPixel;
    this.compression = compression;
    this.pixels = pixels;
    this.colors = colors;
  }

  private enum Compression {
    NONE,
    RUN_LENGTHS,
    MASKS,
    MASKS_WITH_ALPHA
  }

  static BmpFile open(EncodedBytes bytes) throws UnreadableImageException {
    long size = bytes.unsignedInt(FILE_HEADER, LITTLE_ENDIAN);
    if (size != CORE_HEADER && size < OS2_SMALLEST_HEADER) {
      throw ImageFile.broken(BMP, "a header of %d bytes".formatted(size));
    }
    bytes.require(FILE_HEADER, size);
    boolean core = size == CORE_HEADER;
    // Negative if the rows are stored from top to bottom.
    long height =
        core ? bytes.unsignedShort(20, LITTLE_ENDIAN) : (int) bytes.unsignedInt(22, LITTLE_ENDIAN);
    ImageHeader header =
        ImageHeader.declared(
            BMP,
            core
                ? bytes.unsignedShort(18, LITTLE_ENDIAN)
                : (int) bytes.unsignedInt(18, LITTLE_ENDIAN),
            Math.abs(height));
    int bits = bytes.unsignedShort(core ? 24 : 28, LITTLE_ENDIAN);
    Compression compression = compression(bytes, size, bits);
    long palette = FILE_HEADER + size;
    if (size == INFO_HEADER && compression == Compression.MASKS) {
      palette += 3 * 4;
    } else if (size == INFO_HEADER && compression == Compression.MASKS_WITH_ALPHA) {
      palette += 4 * 4;
    }
    long pixels = bytes.unsignedInt(10, LITTLE_ENDIAN);
    if (pixels < FILE_HEADER + size) {
      throw ImageFile.broken(BMP, "the pixels begin inside the header");
    }
    BmpColors colors;
    if (bits <= 8) {
      long declared = size >= INFO_HEADER ? bytes.unsignedInt(46, LITTLE_ENDIAN) : 0;
      colors = BmpColors.palette(bytes, palette, core ? 3 : 4, declared, bits, pixels);
    } else if (compression == Compression.MASKS || compression == Compression.MASKS_WITH_ALPHA) {
      boolean alpha = compression == Compression.MASKS_WITH_ALPHA || size >= ALPHA_MASK_HEADER;
      colors = BmpColors.masks(bytes, MASKS_AT, alpha);
    } else {
      colors = BmpColors.defaultMasks(bits);
    }
    return new BmpFile(bytes, header, height < 0, bits, compression, pixels, colors);
  }

  private static Compression compression(EncodedBytes bytes, long size, int bits)
      throws UnreadableImageException {
    long number = size >= 20 ? bytes.unsignedInt(30, LITTLE_ENDIAN) : 0;
    boolean os2 = size < INFO_HEADER || size == OS2_HEADER;
    String name =
        switch ((int) number) {
          case 0, 1, 2 -> "";
          case 3 -> os2 ? " (Huffman 1D)" : "";
          case 4 -> os2 ? "" : " (JPEG)";
          case 5 -> " (PNG)";
          case 6 -> "";
          case 11, 12, 13 -> " (CMYK)";
          default -> " (unknown)";
        };
    if (!name.isEmpty()) {
      throw ImageFile.unsupported(BMP, "compression %d%s".formatted(number, name));
    }
    if (bits != 1
        && bits != 2
        && bits != 4
        && bits != 8
        && bits != 16
        && bits != 24
        && bits != 32) {
      throw ImageFile.unsupported(BMP, "%d bits a pixel".formatted(bits));
    }
    Compression compression =
        switch ((int) number) {
          case 0 -> Compression.NONE;
          case 3 -> Compression.MASKS;
          case 6 -> Compression.MASKS_WITH_ALPHA;
          default -> Compression.RUN_LENGTHS;
        };
    boolean fits =
        switch ((int) number) {
          case 0 -> true;
          case 1 -> bits == 8;
          case 2 -> bits == 4;
          case 4 -> bits == 24;
          default -> bits == 16 || bits == 32;
        };
    if (!fits) {
      throw ImageFile.broken(BMP, "compression %d with %d bits a pixel".formatted(number, bits));
    }
    return compression;
  }

  @Override
  public ImageHeader header() {
    return header;
  }

  @Override
  public Orientation orientation() {
    return Orientation.UPRIGHT;
  }

  /** Checks uncompressed files only; truncated run lengths are detected while decoding. */
  @Override
  public void checkWhole() throws UnreadableImageException {
    RowFile.checkWidth(header);
    bytes.require(pixels, 1);
    if (compression != Compression.RUN_LENGTHS) {
      // Some writers omit the last row's padding.
      bytes.require(pixels, rowBytes() * (header.height() - 1) + (rowBits() + 7) / 8);
    }
  }

  private long rowBits() {
    return (long) header.width() * bitsPerPixel;
  }

  /** Rows are padded to four bytes. */
  private long rowBytes() {
    return (rowBits() + 31) / 32 * 4;
  }

  @Override
  public void decode(RowSink sink) throws UnreadableImageException {
    if (compression == Compression.RUN_LENGTHS) {
      new BmpRunLengths(bytes, (int) pixels, bitsPerPixel, colors)
          .decode(header.width(), header.height(), row -> storedRow(row), sink);
      return;
    }
    decodeRows(colors, sink);
    if (colors.allTransparent()) {
      decodeRows(colors.opaque(), sink);
    }
  }

  private void decodeRows(BmpColors inColors, RowSink sink) throws UnreadableImageException {
    byte[] rgb = new byte[3 * header.width()];
    for (int row = 0; row < header.height(); row++) {
      inColors.convert(bytes, pixels + row * rowBytes(), bitsPerPixel, header.width(), rgb);
      sink.row(0, storedRow(row), rgb, header.width());
    }
  }

  /** The row of the image, from the top, of the file's row number {@code row}. */
  private int storedRow(int row) {
    return topDown ? row : header.height() - 1 - row;
  }
}
