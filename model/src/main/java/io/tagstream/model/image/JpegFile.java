package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.JPEG;
import static java.nio.ByteOrder.BIG_ENDIAN;

import io.tagstream.model.image.UnreadableImageException.Stage;
import java.util.List;

/**
 * A JPEG: a chain of segments up to the first start of scan, the coefficients, and an end marker.
 *
 * <p>A file without its end marker is rejected, although other readers show what there is of it:
 * libjpeg fills the rest with grey, and a network would tag that as if it were the image. Bytes
 * after the end marker are ignored.
 *
 * <p>A truncated file with an end marker appended is detected if its frame is sequential and more
 * than the last group of blocks is missing, or if it is progressive and a whole scan is missing. A
 * cut within a progressive file's last scan passes: only a decoder can detect it, and it costs no
 * more than the last bit of some coefficients. Arithmetic-coded data are not checked.
 */
final class JpegFile implements CodecFile {
  /** No encoder writes more; each scan costs a pass over the whole image. */
  private static final int MAX_SCANS = 100;

  /** The memory of a block: 64 coefficients of two bytes. */
  private static final int BLOCK_BYTES = 128;

  /** The grey that libjpeg gives a missing block. */
  private static final int MISSING_BLOCK = 0x808080;

  private static final int CMYK_COMPONENTS = 4;
  private static final int BASELINE = 0xc0;
  private static final int EXTENDED_SEQUENTIAL = 0xc1;
  private static final int PROGRESSIVE = 0xc2;
  private static final int LOSSLESS = 0xc3;
  private static final int PROGRESSIVE_ARITHMETIC = 0xca;
  private static final int LOSSLESS_ARITHMETIC = 0xcb;
  private static final int JPEG_LS = 0xf7;
  private static final int HIERARCHICAL = 0xde;
  private static final int START_OF_SCAN = 0xda;
  private static final int END_OF_IMAGE = 0xd9;
  private static final int APP1 = 0xe1;
  private static final int APP14 = 0xee;
  private static final int COMMENT = 0xfe;

  private final EncodedBytes bytes;
  private final ImageHeader header;
  private final Orientation orientation;
  private final CodecParts parts;
  private final int firstScan;
  private final int frame;
  private int scans;

  private JpegFile(
      EncodedBytes bytes,
      ImageHeader header,
      Orientation orientation,
      CodecParts parts,
      int frame,
      int firstScan) {
    this.bytes = bytes;
    this.header = header;
    this.orientation = orientation;
    this.parts = parts;
    this.frame = frame;
    this.firstScan = firstScan;
  }

  static JpegFile open(EncodedBytes bytes) throws UnreadableImageException {
    CodecParts parts = new CodecParts(JPEG, bytes);
    parts.add(0, 2);
    ImageHeader header = null;
    Orientation orientation = null;
    int frame = 0;
    int at = 2;
    while (true) {
      int marker = nextMarker(bytes, at);
      int code = bytes.unsignedByte(marker + 1);
      if (code == END_OF_IMAGE) {
        throw ImageFile.broken(JPEG, "the file ends before its first scan");
      }
      int length = segmentLength(bytes, marker);
      at = marker + 2 + length;
      if (code == JPEG_LS) {
        throw ImageFile.unsupported(JPEG, "JPEG-LS");
      } else if (code == HIERARCHICAL) {
        throw ImageFile.unsupported(JPEG, "hierarchical");
      } else if (isFrame(code)) {
        if (header != null) {
          throw ImageFile.broken(JPEG, "two frame headers");
        }
        header = frame(bytes, marker);
        frame = marker;
      } else if (code == APP1 && orientation == null && bytes.matches(marker + 4, "Exif\0")) {
        orientation = ExifOrientation.of(bytes, marker + 10, length - 8);
      } else if (code == START_OF_SCAN) {
        if (header == null) {
          throw ImageFile.broken(JPEG, "no frame header before the first scan");
        }
        Orientation asked = orientation == null ? Orientation.UPRIGHT : orientation;
        return new JpegFile(bytes, header, asked, parts, frame, marker);
      }
      // Of the application segments, only Adobe's concerns the colours.
      boolean metadata = (code >= APP1 && code <= 0xef && code != APP14) || code == COMMENT;
      if (!metadata) {
        parts.add(marker, 2 + length);
      }
    }
  }

  static boolean isFrame(int code) {
    return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc;
  }

  private static ImageHeader frame(EncodedBytes bytes, int marker) throws UnreadableImageException {
    int code = bytes.unsignedByte(marker + 1);
    switch (code) {
      case LOSSLESS -> throw ImageFile.unsupported(JPEG, "lossless");
      case LOSSLESS_ARITHMETIC -> throw ImageFile.unsupported(JPEG, "lossless, arithmetic codes");
      case 0xc5, 0xc6, 0xc7, 0xcd, 0xce, 0xcf -> throw ImageFile.unsupported(JPEG, "hierarchical");
      default -> {}
    }
    int precision = bytes.unsignedByte(marker + 4);
    if (precision != 8) {
      throw ImageFile.unsupported(JPEG, precision + " bits a sample");
    }
    return ImageHeader.declared(
        JPEG,
        bytes.unsignedShort(marker + 7, BIG_ENDIAN),
        bytes.unsignedShort(marker + 5, BIG_ENDIAN));
  }

  /**
   * The length of a marker's segment, without the two bytes of the marker; 0 for a marker without a
   * segment.
   */
  static int segmentLength(EncodedBytes bytes, int marker) throws UnreadableImageException {
    int code = bytes.unsignedByte(marker + 1);
    if (code == 0x01 || (code >= 0xd0 && code <= 0xd8)) {
      return 0;
    }
    int length = bytes.unsignedShort(marker + 2, BIG_ENDIAN);
    if (length < 2) {
      throw ImageFile.broken(JPEG, "a segment of length " + length);
    }
    bytes.require(marker + 2, length);
    return length;
  }

  /**
   * The position of the next marker's 0xFF. Like libjpeg, skips coefficients, stuffed zeros,
   * restart markers, fill bytes and anything else that is not a marker.
   */
  static int nextMarker(EncodedBytes bytes, int from) throws UnreadableImageException {
    int at = from;
    while (true) {
      at = bytes.indexOfFf(at);
      if (at >= bytes.length() - 1) {
        throw new UnreadableImageException(
            Stage.DECODE,
            "the JPEG is cut short: no end marker in its %d bytes".formatted(bytes.length()));
      }
      int code = bytes.unsignedByte(at + 1);
      if (code == 0xff) {
        at++;
      } else if (code == 0 || (code >= 0xd0 && code <= 0xd7)) {
        at += 2;
      } else {
        return at;
      }
    }
  }

  @Override
  public ImageHeader header() {
    return header;
  }

  @Override
  public Orientation orientation() {
    return orientation;
  }

  @Override
  public Alpha alpha() {
    return Alpha.NONE;
  }

  /** For an image of several scans the codec holds all coefficients, two bytes each. */
  @Override
  public long workingBytes() throws UnreadableImageException {
    int code = bytes.unsignedByte(frame + 1);
    int components = bytes.unsignedByte(frame + 9);
    boolean progressive = code == PROGRESSIVE || code == PROGRESSIVE_ARITHMETIC;
    boolean together = bytes.unsignedByte(firstScan + 4) == components;
    if (!progressive && together) {
      return 0;
    }
    long largestHorizontal = 1;
    long largestVertical = 1;
    for (int i = 0; i < components; i++) {
      largestHorizontal = Math.max(largestHorizontal, horizontal(i));
      largestVertical = Math.max(largestVertical, vertical(i));
    }
    long units =
        divideUp(header.width(), 8 * largestHorizontal)
            * divideUp(header.height(), 8 * largestVertical);
    long blocks = 0;
    for (int i = 0; i < components; i++) {
      blocks += units * horizontal(i) * vertical(i);
    }
    return blocks * BLOCK_BYTES;
  }

  /** A component's horizontal sampling factor. */
  private int horizontal(int component) throws UnreadableImageException {
    return bytes.unsignedByte(frame + 11 + 3L * component) >> 4;
  }

  /** A component's vertical sampling factor. */
  private int vertical(int component) throws UnreadableImageException {
    return bytes.unsignedByte(frame + 11 + 3L * component) & 15;
  }

  private static long divideUp(long number, long by) {
    return (number + by - 1) / by;
  }

  @Override
  public void checkWhole() throws UnreadableImageException {
    ScanScript script = new ScanScript(bytes, frame);
    int marker = firstScan;
    int code;
    while ((code = bytes.unsignedByte(marker + 1)) != END_OF_IMAGE) {
      if (code == START_OF_SCAN) {
        if (++scans > MAX_SCANS) {
          throw new UnreadableImageException(
              Stage.LIMIT, "the JPEG has more than %d scans".formatted(MAX_SCANS));
        }
        script.add(marker);
      }
      marker = nextMarker(bytes, marker + 2 + segmentLength(bytes, marker));
    }
    script.checkComplete();
    parts.add(firstScan, marker + 2 - firstScan);
  }

  /**
   * Checks after decoding that no block was missing. libjpeg fills missing blocks with grey, so the
   * codes are read again only if the last pixel has that grey.
   *
   * @param lastPixel the lower right pixel, 0xRRGGBB
   */
  void checkBlocks(int lastPixel) throws UnreadableImageException {
    int code = bytes.unsignedByte(frame + 1);
    boolean sequential = code == BASELINE || code == EXTENDED_SEQUENTIAL;
    // The grey is no proof in CMYK, where missing ink is another colour, nor with one scan per
    // component, where a single component may be missing.
    boolean tellsByColor = scans == 1 && bytes.unsignedByte(frame + 9) != CMYK_COMPONENTS;
    if (sequential && (lastPixel == MISSING_BLOCK || !tellsByColor)) {
      SequentialJpeg.checkBlocks(bytes);
    }
  }

  @Override
  public List<Part> parts() {
    return parts.list();
  }
}
