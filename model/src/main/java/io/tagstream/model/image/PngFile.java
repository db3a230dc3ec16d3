package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.PNG;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * A PNG: chunks, each with a checksum. The codec gets the ones that make the picture; the frames of
 * an animation, profiles and texts stay here, and so does the risk of reading them.
 */
final class PngFile implements CodecFile {
  static final String SIGNATURE = "\u0089PNG\r\n\u001a\n";

  private static final int IHDR_BYTES = 13;
  private static final int FIRST_CHUNK = 8;

  /** Length, type and checksum. */
  private static final int FRAMING = 12;

  private final EncodedBytes bytes;
  private final ImageHeader header;
  private final List<Part> parts = new ArrayList<>();
  private boolean alpha;
  private Orientation orientation = Orientation.UPRIGHT;

  private PngFile(EncodedBytes bytes, ImageHeader header, boolean alpha) {
    this.bytes = bytes;
    this.header = header;
    this.alpha = alpha;
  }

  static PngFile open(EncodedBytes bytes) throws UnreadableImageException {
    if (!bytes.matches(FIRST_CHUNK + 4, "IHDR")
        || bytes.unsignedInt(FIRST_CHUNK, BIG_ENDIAN) != IHDR_BYTES) {
      bytes.require(FIRST_CHUNK, IHDR_BYTES + FRAMING);
      throw ImageFile.broken(PNG, "it does not begin with an IHDR chunk of 13 bytes");
    }
    ImageHeader header =
        ImageHeader.declared(
            PNG, bytes.unsignedInt(16, BIG_ENDIAN), bytes.unsignedInt(20, BIG_ENDIAN));
    int colorType = bytes.unsignedByte(25);
    return new PngFile(bytes, header, (colorType & 4) != 0);
  }

  @Override
  public ImageHeader header() {
    return header;
  }

  /** After {@link #checkWhole}. */
  @Override
  public Orientation orientation() {
    return orientation;
  }

  /** After {@link #checkWhole}. */
  @Override
  public Alpha alpha() {
    return alpha ? Alpha.STRAIGHT : Alpha.NONE;
  }

  @Override
  public void checkWhole() throws UnreadableImageException {
    parts.add(new Part(bytes, 0, FIRST_CHUNK));
    boolean data = false;
    int at = FIRST_CHUNK;
    while (true) {
      long length = bytes.unsignedInt(at, BIG_ENDIAN);
      bytes.require(at, length + FRAMING);
      boolean critical = (bytes.unsignedByte(at + 4) & 0x20) == 0;
      boolean transparency = bytes.matches(at + 4, "tRNS");
      if (critical || transparency) {
        checkSum(at, (int) length);
        parts.add(new Part(bytes, at, (int) length + FRAMING));
      }
      alpha |= transparency;
      data |= bytes.matches(at + 4, "IDAT");
      if (bytes.matches(at + 4, "eXIf")) {
        orientation = TiffDirectory.exifOrientation(bytes, at + 8);
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

  private void checkSum(int at, int length) throws UnreadableImageException {
    CRC32 crc = new CRC32();
    crc.update(bytes.array(), at + 4, length + 4);
    long stored = bytes.unsignedInt(at + 8L + length, BIG_ENDIAN);
    if (crc.getValue() != stored) {
      throw ImageFile.broken(
          PNG,
          "the checksum of its %s chunk at byte %d is %08x, its content gives %08x"
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
    return parts;
  }
}
