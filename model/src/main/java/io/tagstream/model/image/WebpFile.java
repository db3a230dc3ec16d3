package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.WEBP;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.util.List;

/** A WebP: a RIFF container whose chunks hold one picture, or the frames of an animation. */
final class WebpFile implements CodecFile {
  private static final int FIRST_CHUNK = 12;
  private static final int CHUNK_HEADER = 8;
  private static final int FLAG_ALPHA = 0x10;

  private final EncodedBytes bytes;
  private final ImageHeader header;
  private final boolean alpha;
  private Orientation orientation = Orientation.UPRIGHT;

  private WebpFile(EncodedBytes bytes, ImageHeader header, boolean alpha) {
    this.bytes = bytes;
    this.header = header;
    this.alpha = alpha;
  }

  static WebpFile open(EncodedBytes bytes) throws UnreadableImageException {
    int content = FIRST_CHUNK + CHUNK_HEADER;
    if (bytes.matches(FIRST_CHUNK, "VP8X")) {
      boolean alpha = (bytes.unsignedByte(content) & FLAG_ALPHA) != 0;
      return new WebpFile(
          bytes,
          ImageHeader.declared(
              WEBP, 1 + threeBytes(bytes, content + 4), 1 + threeBytes(bytes, content + 7)),
          alpha);
    }
    if (bytes.matches(FIRST_CHUNK, "VP8L")) {
      if (bytes.unsignedByte(content) != 0x2f) {
        throw ImageFile.broken(WEBP, "no signature in its VP8L chunk");
      }
      long bits = bytes.unsignedInt(content + 1, LITTLE_ENDIAN);
      return new WebpFile(
          bytes,
          ImageHeader.declared(WEBP, 1 + (bits & 0x3fff), 1 + (bits >> 14 & 0x3fff)),
          (bits >> 28 & 1) != 0);
    }
    if (bytes.matches(FIRST_CHUNK, "VP8 ")) {
      bytes.require(content, 10);
      if (!bytes.matches(content + 3, "\u009d\u0001*")) {
        throw ImageFile.broken(WEBP, "no key frame in its VP8 chunk");
      }
      return new WebpFile(
          bytes,
          ImageHeader.declared(
              WEBP,
              bytes.unsignedShort(content + 6, LITTLE_ENDIAN) & 0x3fff,
              bytes.unsignedShort(content + 8, LITTLE_ENDIAN) & 0x3fff),
          false);
    }
    bytes.require(FIRST_CHUNK, CHUNK_HEADER);
    throw ImageFile.broken(WEBP, "its first chunk is none of VP8, VP8L and VP8X");
  }

  private static long threeBytes(EncodedBytes bytes, int at) throws UnreadableImageException {
    return bytes.unsignedShort(at, LITTLE_ENDIAN) | (long) bytes.unsignedByte(at + 2) << 16;
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

  @Override
  public Alpha alpha() {
    return alpha ? Alpha.STRAIGHT : Alpha.NONE;
  }

  @Override
  public void checkWhole() throws UnreadableImageException {
    long end = CHUNK_HEADER + bytes.unsignedInt(4, LITTLE_ENDIAN);
    bytes.require(0, end);
    long at = FIRST_CHUNK;
    while (at + CHUNK_HEADER <= end) {
      long length = bytes.unsignedInt(at + 4, LITTLE_ENDIAN);
      if (at + CHUNK_HEADER + length > end) {
        throw ImageFile.broken(
            WEBP, "its chunk at byte %d is longer than the file says it is".formatted(at));
      }
      if (bytes.matches((int) at, "EXIF")) {
        int exif = (int) at + CHUNK_HEADER;
        // Some writers keep the prefix that JPEG's segment has.
        int start = bytes.matches(exif, "Exif\0\0") ? exif + 6 : exif;
        orientation = TiffDirectory.exifOrientation(bytes, start);
      }
      // Chunks are padded to an even length.
      at += CHUNK_HEADER + length + (length & 1);
    }
  }

  @Override
  public List<Part> parts() {
    return List.of(new Part(bytes, 0, bytes.length()));
  }
}
