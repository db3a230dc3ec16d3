package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.WEBP;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A WebP: a RIFF container whose chunks hold one image or the frames of an animation. The codec
 * gets only the image; for an animation, its first frame as a still image, because the codec would
 * allocate the animation's canvas twice.
 */
final class WebpFile implements CodecFile {
  private static final int FIRST_CHUNK = 12;
  private static final int CHUNK_HEADER = 8;
  private static final int FRAME_HEADER = 16;
  private static final int FLAG_ANIMATION = 0x02;
  private static final int FLAG_ALPHA = 0x10;
  private static final int EXTENDED_BYTES = 10;
  private static final int COMPRESSED_ALPHA = 1;

  /** OpenCV reads this many bytes of the header even if the file is shorter. */
  private static final int CODEC_HEADER_BYTES = 32;

  private static final EncodedBytes ZEROS = new EncodedBytes(new byte[CODEC_HEADER_BYTES]);

  /** What an image chunk declares. */
  private record Bitstream(long width, long height, boolean lossless, boolean alpha) {}

  private final EncodedBytes bytes;
  private final ImageHeader header;
  private final boolean extended;
  private final List<Part> parts = new ArrayList<>();
  private boolean alpha;
  private boolean lossless;
  private long tableBytes;
  private Optional<Placement> placement = Optional.empty();
  private Optional<Orientation> orientation = Optional.empty();

  private WebpFile(EncodedBytes bytes, ImageHeader header, boolean extended) {
    this.bytes = bytes;
    this.header = header;
    this.extended = extended;
  }

  static WebpFile open(EncodedBytes bytes) throws UnreadableImageException {
    int content = FIRST_CHUNK + CHUNK_HEADER;
    if (bytes.matches(FIRST_CHUNK, "VP8X")) {
      return new WebpFile(
          bytes,
          ImageHeader.declared(
              WEBP, 1 + threeBytes(bytes, content + 4), 1 + threeBytes(bytes, content + 7)),
          true);
    }
    if (!isBitstream(bytes, FIRST_CHUNK)) {
      bytes.require(FIRST_CHUNK, CHUNK_HEADER);
      throw ImageFile.broken(WEBP, "the first chunk is none of VP8, VP8L and VP8X");
    }
    Bitstream image = bitstream(bytes, FIRST_CHUNK);
    return new WebpFile(bytes, ImageHeader.declared(WEBP, image.width, image.height), false);
  }

  private static boolean isBitstream(EncodedBytes bytes, int at) {
    return bytes.matches(at, "VP8 ") || bytes.matches(at, "VP8L");
  }

  private static Bitstream bitstream(EncodedBytes bytes, int at) throws UnreadableImageException {
    int content = at + CHUNK_HEADER;
    if (bytes.matches(at, "VP8L")) {
      if (bytes.unsignedByte(content) != 0x2f) {
        throw ImageFile.broken(WEBP, "no signature in the VP8L chunk");
      }
      long bits = bytes.unsignedInt(content + 1, LITTLE_ENDIAN);
      return new Bitstream(
          1 + (bits & 0x3fff), 1 + (bits >> 14 & 0x3fff), true, (bits >> 28 & 1) != 0);
    }
    bytes.require(content, 10);
    if (!bytes.matches(content + 3, "\u009d\u0001*")) {
      throw ImageFile.broken(WEBP, "no key frame in the VP8 chunk");
    }
    return new Bitstream(
        bytes.unsignedShort(content + 6, LITTLE_ENDIAN) & 0x3fff,
        bytes.unsignedShort(content + 8, LITTLE_ENDIAN) & 0x3fff,
        false,
        false);
  }

  private static long threeBytes(EncodedBytes bytes, int at) throws UnreadableImageException {
    return bytes.unsignedShort(at, LITTLE_ENDIAN) | (long) bytes.unsignedByte(at + 2) << 16;
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
    return alpha ? Alpha.STRAIGHT : Alpha.NONE;
  }

  /**
   * The codec decodes a lossless image or alpha channel into four more bytes per pixel, a lossy
   * image row by row. A frame smaller than its canvas is held next to the canvas.
   */
  @Override
  public long workingBytes() {
    long pixels = (long) placement().width() * placement().height();
    long perPixel = alpha ? 4 : 0;
    perPixel += lossless ? 4 : alpha ? 5 : 0;
    perPixel += placement().covers(header) ? 0 : 3;
    return pixels * perPixel + tableBytes;
  }

  @Override
  public Placement placement() {
    return placement.orElseThrow();
  }

  @Override
  public void checkWhole() throws UnreadableImageException {
    int end = end();
    boolean animated =
        extended && (bytes.unsignedByte(FIRST_CHUNK + CHUNK_HEADER) & FLAG_ANIMATION) != 0;
    if (!animated) {
      readImage(FIRST_CHUNK, end, new Placement(0, 0, header.width(), header.height()));
    }
    int at = FIRST_CHUNK;
    while (at + CHUNK_HEADER <= end) {
      int content = at + CHUNK_HEADER;
      int next = next(at, end);
      if (animated && placement.isEmpty() && bytes.matches(at, "ANMF")) {
        readImage(content + FRAME_HEADER, next, frame(content));
      }
      if (orientation.isEmpty() && bytes.matches(at, "EXIF")) {
        int length = (int) bytes.unsignedInt(at + 4, LITTLE_ENDIAN);
        // Some writers keep the prefix of JPEG's EXIF segment.
        int prefix = bytes.matches(content, "Exif\0\0") ? 6 : 0;
        orientation = Optional.of(ExifOrientation.of(bytes, content + prefix, length - prefix));
      }
      at = next;
    }
    if (placement.isEmpty()) {
      throw ImageFile.broken(WEBP, "an animation without a frame");
    }
  }

  private int end() throws UnreadableImageException {
    long end = CHUNK_HEADER + bytes.unsignedInt(4, LITTLE_ENDIAN);
    bytes.require(0, end);
    return (int) end;
  }

  /** The position of the next chunk, or the end; chunks are padded to an even length. */
  private int next(int at, int end) throws UnreadableImageException {
    long length = bytes.unsignedInt(at + 4, LITTLE_ENDIAN);
    if (at + CHUNK_HEADER + length > end) {
      throw ImageFile.broken(
          WEBP, "the chunk at byte %d is longer than the declared file size".formatted(at));
    }
    return (int) Math.min(end, at + CHUNK_HEADER + length + (length & 1));
  }

  /** Reads a frame's header and checks that the frame lies within the canvas. */
  private Placement frame(int at) throws UnreadableImageException {
    long left = 2 * threeBytes(bytes, at);
    long top = 2 * threeBytes(bytes, at + 3);
    long width = 1 + threeBytes(bytes, at + 6);
    long height = 1 + threeBytes(bytes, at + 9);
    if (left + width > header.width() || top + height > header.height()) {
      throw ImageFile.broken(WEBP, "the first frame extends beyond the canvas");
    }
    return new Placement((int) left, (int) top, (int) width, (int) height);
  }

  /** Reads the image chunks between two positions. */
  private void readImage(int from, int end, Placement place) throws UnreadableImageException {
    Optional<Part> transparency = Optional.empty();
    int at = from;
    while (at + CHUNK_HEADER <= end) {
      int next = next(at, end);
      if (extended && transparency.isEmpty() && bytes.matches(at, "ALPH")) {
        transparency = Optional.of(new Part(bytes, at, next - at));
      } else if (isBitstream(bytes, at)) {
        Bitstream image = bitstream(bytes, at);
        if (image.width != place.width() || image.height != place.height()) {
          throw ImageFile.broken(
              WEBP,
              "the header declares %d x %d pixels, the file holds %d x %d"
                  .formatted(place.width(), place.height(), image.width, image.height));
        }
        placement = Optional.of(place);
        lossless = image.lossless;
        tableBytes = tableBytes(place, lossless ? at : transparency.map(Part::from).orElse(-1));
        // A lossless image includes its alpha channel.
        Optional<Part> alphaChunk = image.lossless ? Optional.empty() : transparency;
        alpha = image.alpha || alphaChunk.isPresent();
        still(alphaChunk, new Part(bytes, at, next - at));
        return;
      }
      at = next;
    }
    throw ImageFile.broken(WEBP, "no image");
  }

  /**
   * The memory that the tables of a lossless image or an alpha channel take, in bytes.
   *
   * @param at the chunk's position, or -1
   */
  private long tableBytes(Placement place, int at) throws UnreadableImageException {
    if (at < 0) {
      return 0;
    }
    int content = at + CHUNK_HEADER;
    boolean channel = bytes.matches(at, "ALPH");
    if (channel && (bytes.unsignedByte(content) & 3) != COMPRESSED_ALPHA) {
      return 0;
    }
    // Skip the signature and the sides, or an alpha channel's byte of coding flags.
    int from = content + (channel ? 1 : 5);
    long end = content + bytes.unsignedInt(at + 4, LITTLE_ENDIAN);
    return LosslessWebp.tableBytes(bytes, from, end, place.width(), place.height());
  }

  /** Writes the image as a still WebP. */
  private void still(Optional<Part> transparency, Part image) {
    int odd = image.length() & 1;
    int chunks = transparency.map(Part::length).orElse(0) + image.length() + odd;
    ByteBuffer head =
        ByteBuffer.allocate(
                FIRST_CHUNK + (transparency.isPresent() ? CHUNK_HEADER + EXTENDED_BYTES : 0))
            .order(LITTLE_ENDIAN);
    head.put("RIFF".getBytes(ISO_8859_1)).putInt(head.capacity() - CHUNK_HEADER + chunks);
    head.put("WEBP".getBytes(ISO_8859_1));
    if (transparency.isPresent()) {
      head.put("VP8X".getBytes(ISO_8859_1)).putInt(EXTENDED_BYTES).putInt(FLAG_ALPHA);
      putThree(head, placement().width() - 1);
      putThree(head, placement().height() - 1);
    }
    parts.add(new Part(new EncodedBytes(head.array()), 0, head.capacity()));
    transparency.ifPresent(parts::add);
    parts.add(image);
    int total = head.capacity() + chunks - odd;
    parts.add(new Part(ZEROS, 0, Math.max(odd, CODEC_HEADER_BYTES - total)));
  }

  private static void putThree(ByteBuffer buffer, int number) {
    buffer.put((byte) number).put((byte) (number >> 8)).put((byte) (number >> 16));
  }

  @Override
  public List<Part> parts() {
    return parts;
  }
}
