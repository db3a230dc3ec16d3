package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.tagstream.model.image.TiffFormat.Color;
import io.tagstream.model.image.TiffFormat.Compression;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** Makes a standalone JPEG of a strip or tile that shares its tables, or more, with its TIFF. */
final class TiffJpegStream {
  private static final int START_OF_IMAGE = 0xffd8;
  private static final int END_OF_IMAGE = 0xd9;
  private static final int START_OF_SCAN = 0xda;
  private static final int APP0 = 0xe0;
  private static final int APP15 = 0xef;
  private static final int COMMENT = 0xfe;
  private static final int DC_TABLE = 0x00;
  private static final int AC_TABLE = 0x10;
  private static final int COUNTS = 16;
  private static final int QUANTIZATION_TABLE = 64;

  private final EncodedBytes bytes;
  private final TiffDirectory directory;
  private final TiffFormat format;
  private final ImageHeader header;

  TiffJpegStream(
      EncodedBytes bytes, TiffDirectory directory, TiffFormat format, ImageHeader header) {
    this.bytes = bytes;
    this.directory = directory;
    this.format = format;
    this.header = header;
  }

  /**
   * The standalone JPEG of a strip or tile.
   *
   * @param rows its number of rows
   */
  EncodedBytes of(int from, int length, int rows) throws UnreadableImageException {
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream(length + 1024);
    jpeg.writeBytes(new byte[] {(byte) (START_OF_IMAGE >> 8), (byte) START_OF_IMAGE});
    // The TIFF declares the colour space; without this segment a decoder would guess.
    segment(jpeg, 0xee, adobe(format.color() == Color.YCBCR));
    if (format.compression() == Compression.JPEG) {
      if (directory.has(TiffDirectory.JPEG_TABLES)) {
        int tables = (int) directory.at(TiffDirectory.JPEG_TABLES);
        copySegments(jpeg, tables, tables + directory.count(TiffDirectory.JPEG_TABLES));
      }
      copy(jpeg, copySegments(jpeg, from, from + length), from + length);
    } else {
      if (directory.value(TiffDirectory.JPEG_OFFSET, 0) > 0) {
        copy(jpeg, copySegments(jpeg, from, from + length), from + length);
      } else {
        writeHeaders(jpeg, rows);
        copy(jpeg, from, from + length);
      }
      // Some writers omit the end marker.
      jpeg.writeBytes(new byte[] {(byte) 0xff, (byte) END_OF_IMAGE});
    }
    return new EncodedBytes(jpeg.toByteArray());
  }

  private static byte[] adobe(boolean lumaAndChroma) {
    ByteBuffer adobe = ByteBuffer.allocate(12);
    adobe.put("Adobe".getBytes(ISO_8859_1)).putShort((short) 100).putInt(0);
    return adobe.put((byte) (lumaAndChroma ? 1 : 0)).array();
  }

  private void copy(ByteArrayOutputStream jpeg, int from, int to) {
    jpeg.write(bytes.array(), from, to - from);
  }

  /**
   * Copies the segments before the first scan, without application segments; returns the position
   * of that scan, of the end marker, or {@code to}.
   */
  private int copySegments(ByteArrayOutputStream jpeg, int from, int to)
      throws UnreadableImageException {
    if (bytes.unsignedByte(from) != 0xff || bytes.unsignedByte(from + 1L) != 0xd8) {
      throw ImageFile.broken(TIFF, "JPEG data without a start marker");
    }
    int at = from + 2;
    while (at < to) {
      int marker = JpegFile.nextMarker(bytes, at);
      int code = bytes.unsignedByte(marker + 1L);
      if (code == START_OF_SCAN || code == END_OF_IMAGE) {
        return marker;
      }
      int end = marker + 2 + JpegFile.segmentLength(bytes, marker);
      if ((code < APP0 || code > APP15) && code != COMMENT) {
        copy(jpeg, marker, end);
      }
      at = end;
    }
    return to;
  }

  /** Writes the headers of old-style JPEG data from the TIFF's tags. */
  private void writeHeaders(ByteArrayOutputStream jpeg, int rows) throws UnreadableImageException {
    int samples = format.samples();
    for (int i = 0; i < samples; i++) {
      table(jpeg, 0xdb, i, TiffDirectory.JPEG_QUANTIZATION_TABLES, i, QUANTIZATION_TABLE);
      table(
          jpeg,
          0xc4,
          DC_TABLE | i,
          TiffDirectory.JPEG_DC_TABLES,
          i,
          huffman(TiffDirectory.JPEG_DC_TABLES, i));
      table(
          jpeg,
          0xc4,
          AC_TABLE | i,
          TiffDirectory.JPEG_AC_TABLES,
          i,
          huffman(TiffDirectory.JPEG_AC_TABLES, i));
    }
    ByteBuffer frame = ByteBuffer.allocate(6 + 3 * samples);
    frame.put((byte) 8).putShort((short) rows).putShort((short) header.width());
    frame.put((byte) samples);
    ByteBuffer scan = ByteBuffer.allocate(4 + 2 * samples);
    scan.put((byte) samples);
    for (int i = 0; i < samples; i++) {
      boolean luma = i == 0 && format.color() == Color.YCBCR;
      int across = luma ? subsampling(0) : 1;
      int down = luma ? subsampling(1) : 1;
      frame.put((byte) (i + 1)).put((byte) (across << 4 | down)).put((byte) i);
      scan.put((byte) (i + 1)).put((byte) (i << 4 | i));
    }
    segment(jpeg, 0xc0, frame.array());
    long interval = directory.value(TiffDirectory.JPEG_RESTART_INTERVAL, 0);
    if (interval > 0) {
      segment(jpeg, 0xdd, ByteBuffer.allocate(2).putShort((short) interval).array());
    }
    segment(jpeg, START_OF_SCAN, scan.put((byte) 0).put((byte) 63).put((byte) 0).array());
  }

  private int subsampling(int index) throws UnreadableImageException {
    return directory.count(TiffDirectory.YCBCR_SUBSAMPLING) > index
        ? (int) Math.min(4, directory.valueAt(TiffDirectory.YCBCR_SUBSAMPLING, index))
        : 2;
  }

  /**
   * The size of a Huffman table in bytes: the number of codes of each length, then their values.
   */
  private int huffman(int tag, int index) throws UnreadableImageException {
    long at = directory.valueAt(tag, index);
    int length = COUNTS;
    for (int i = 0; i < COUNTS; i++) {
      length += bytes.unsignedByte(at + i);
    }
    return length;
  }

  private void table(ByteArrayOutputStream jpeg, int code, int name, int tag, int index, int length)
      throws UnreadableImageException {
    long at = directory.valueAt(tag, index);
    bytes.require(at, length);
    ByteBuffer content = ByteBuffer.allocate(1 + length);
    content.put((byte) name).put(bytes.array(), (int) at, length);
    segment(jpeg, code, content.array());
  }

  private static void segment(ByteArrayOutputStream jpeg, int code, byte[] content) {
    jpeg.writeBytes(new byte[] {(byte) 0xff, (byte) code});
    jpeg.writeBytes(ByteBuffer.allocate(2).putShort((short) (content.length + 2)).array());
    jpeg.writeBytes(content);
  }
}
