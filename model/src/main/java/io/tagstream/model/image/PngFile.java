package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.PNG;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * A PNG: chunks, each with a checksum. The codec gets only the chunks that make up the image;
 * animation frames, profiles and texts never reach native code.
 */
final class PngFile implements CodecFile {
  static final String SIGNATURE = "\u0089PNG\r\n\u001a\n";

  private static final int GREY = 0;
  private static final int RGB = 2;
  private static final int PALETTE = 3;

  /** The bit of a colour type with an alpha channel. */
  private static final int ALPHA = 4;

  private static final int IHDR_BYTES = 13;
  private static final int FIRST_CHUNK = 8;

  /** Length, type and checksum. */
  private static final int FRAMING = 12;

  private final EncodedBytes bytes;
  private final ImageHeader header;
  private final int bitDepth;
  private final int colorType;
  private final CodecParts parts;
  private Alpha alpha;
  private int[] colorKey = {};
  private Optional<Orientation> orientation = Optional.empty();

  private PngFile(EncodedBytes bytes, ImageHeader header, int bitDepth, int colorType) {
    this.bytes = bytes;
    this.header = header;
    this.bitDepth = bitDepth;
    this.colorType = colorType;
    parts = new CodecParts(PNG, bytes);
    alpha = (colorType & ALPHA) == 0 ? Alpha.NONE : Alpha.STRAIGHT;
  }

  static PngFile open(EncodedBytes bytes) throws UnreadableImageException {
    if (!bytes.matches(FIRST_CHUNK + 4, "IHDR")
        || bytes.unsignedInt(FIRST_CHUNK, BIG_ENDIAN) != IHDR_BYTES) {
      bytes.require(FIRST_CHUNK, IHDR_BYTES + FRAMING);
      throw ImageFile.broken(PNG, "the file does not begin with an IHDR chunk of 13 bytes");
    }
    ImageHeader header =
        ImageHeader.declared(
            PNG, bytes.unsignedInt(16, BIG_ENDIAN), bytes.unsignedInt(20, BIG_ENDIAN));
    return new PngFile(bytes, header, bytes.unsignedByte(24), bytes.unsignedByte(25));
  }

  @Override
  public ImageHeader header() {
    return header;
  }

  /** Valid after {@link #checkWhole}. */
  @Override
  public Orientation orientation() {
    return orientation.orElse(Orientation.UPRIGHT);
  }

  @Override
  public Alpha alpha() {
    return alpha;
  }

  @Override
  public int[] colorKey() {
    return colorKey.clone();
  }

  @Override
  public void checkWhole() throws UnreadableImageException {
    parts.add(0, FIRST_CHUNK);
    boolean data = false;
    int at = FIRST_CHUNK;
    while (true) {
      long length = bytes.unsignedInt(at, BIG_ENDIAN);
      bytes.require(at, length + FRAMING);
      boolean critical = (bytes.unsignedByte(at + 4) & 0x20) == 0;
      boolean transparency = bytes.matches(at + 4, "tRNS");
      if (critical || transparency) {
        checkSum(at, (int) length);
      }
      if (critical) {
        parts.add(at, (int) length + FRAMING);
      }
      if (transparency && !data) {
        transparency(at, (int) length);
      }
      data |= bytes.matches(at + 4, "IDAT");
      if (bytes.matches(at + 4, "eXIf") && orientation.isEmpty()) {
        orientation = Optional.of(ExifOrientation.of(bytes, at + 8, (int) length));
      }
      if (bytes.matches(at + 4, "IEND")) {
        break;
      }
      at += (int) length + FRAMING;
    }
    if (!data) {
      throw ImageFile.broken(PNG, "no IDAT chunk");
    }
  }

  /** With transparency the codec returns all samples at their stored depth. */
  @Override
  public long workingBytes() {
    int samples =
        switch (alpha) {
          case NONE -> 0;
          case COLOR_KEY -> colorKey.length;
          case STRAIGHT, PREMULTIPLIED -> 4;
        };
    return header.pixels() * samples * (bitDepth > 8 ? 2 : 1);
  }

  /**
   * Reads a transparent colour, which the codec does not get; it does get a palette's transparency.
   */
  private void transparency(int at, int length) throws UnreadableImageException {
    if (colorType == PALETTE) {
      alpha = Alpha.STRAIGHT;
      parts.add(at, length + FRAMING);
      return;
    }
    int samples = colorType == GREY ? 1 : 3;
    // With an alpha channel, or of another length, the chunk has no meaning.
    if ((colorType != GREY && colorType != RGB) || length != 2 * samples || colorKey.length > 0) {
      return;
    }
    alpha = Alpha.COLOR_KEY;
    colorKey = new int[samples];
    int max = (1 << bitDepth) - 1;
    for (int i = 0; i < samples; i++) {
      int sample = bytes.unsignedShort(at + 8 + 2L * i, BIG_ENDIAN) & max;
      // The codec scales samples of fewer than eight bits to eight.
      colorKey[i] = bitDepth < 8 ? sample * 255 / max : sample;
    }
  }

  private void checkSum(int at, int length) throws UnreadableImageException {
    CRC32 crc = new CRC32();
    crc.update(bytes.array(), at + 4, length + 4);
    long stored = bytes.unsignedInt(at + 8L + length, BIG_ENDIAN);
    if (crc.getValue() != stored) {
      throw ImageFile.broken(
          PNG,
          "the %s chunk at byte %d has the checksum %08x, its content gives %08x"
              .formatted(chunkName(at), at, stored, crc.getValue()));
    }
  }

  private String chunkName(int at) throws UnreadableImageException {
    StringBuilder name = new StringBuilder();
    for (int i = 4; i < 8; i++) {
      int letter = bytes.unsignedByte(at + i);
      name.append(letter > ' ' && letter < 0x7f ? (char) letter : '?');
    }
    return name.toString();
  }

  @Override
  public List<Part> parts() {
    return parts.list();
  }
}
