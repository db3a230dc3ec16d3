package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

import io.tagstream.model.image.CodecFile.Alpha;
import io.tagstream.model.image.RowFile.RowSink;
import io.tagstream.model.image.TiffFormat.Color;
import io.tagstream.model.image.TiffFormat.Differences;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Decodes the strips or tiles of one image, row by row. */
final class TiffPixels implements AutoCloseable {
  /** The chroma subsampling factors that are supported, in each direction. */
  private static final Set<Integer> FACTORS = Set.of(1, 2, 4);

  private final EncodedBytes bytes;
  private final TiffDirectory directory;
  private final TiffFormat format;
  private final ImageHeader header;
  private final TiffPieces pieces;

  /** The indices of the samples that are used: colours, then alpha. */
  private final int[] wanted;

  private final TiffSamples samples;
  private final TiffColors colors;
  private final Optional<ByteColors> ofBytes;
  private final TiffPredictor predictor;

  /** The decompressor of each plane that is used; one if samples are interleaved. */
  private final List<TiffRows> planes = new ArrayList<>();

  private final byte[] row;
  private final int[] values;
  private final byte[] rgb;

  TiffPixels(
      EncodedBytes bytes,
      TiffDirectory directory,
      TiffFormat format,
      ImageHeader header,
      TiffPieces pieces)
      throws UnreadableImageException {
    this.bytes = bytes;
    this.directory = directory;
    this.format = format;
    this.header = header;
    this.pieces = pieces;
    IntStream ofColors = IntStream.range(0, format.color().samples());
    wanted =
        (format.alpha() == Alpha.NONE
                ? ofColors
                : IntStream.concat(ofColors, IntStream.of(format.alphaAt())))
            .toArray();
    samples = new TiffSamples(format);
    colors = colors();
    ofBytes =
        format.isBytesOfColors()
            ? Optional.of(new ByteColors(format.bits(), colors::of))
            : Optional.empty();
    predictor = new TiffPredictor(format);
    byte[] file = format.reversed() && !format.compression().isJpeg() ? reversed() : bytes.array();
    row = new byte[pieces.rowBytes()];
    values = new int[pieces.width() * wanted.length];
    rgb = new byte[3 * pieces.width()];
    Chroma chroma = chroma();
    for (int i = 0; i < (format.separate() ? wanted.length : 1); i++) {
      TiffRows rows = rows(file);
      planes.add(
          chroma.equals(Chroma.FOR_EACH_PIXEL)
              ? rows
              : new TiffChroma(rows, chroma.across, chroma.down, pieces.width()));
    }
  }

  private TiffColors colors() throws UnreadableImageException {
    // The JPEG codec converts interleaved samples to RGB.
    boolean converted =
        format.color() == Color.YCBCR && format.compression().isJpeg() && !format.separate();
    Color color = converted ? Color.RGB : format.color();
    return new TiffColors(
        color,
        format.alpha(),
        samples.largest(),
        color == Color.PALETTE ? palette() : new byte[0],
        switch (color) {
          case YCBCR -> new TiffYcbcr(directory);
          case CIE_LAB -> new TiffLab(false, format.bits() == 16);
          case ICC_LAB -> new TiffLab(true, format.bits() == 16);
          default -> (first, second, third) -> first << 16 | second << 8 | third;
        });
  }

  /**
   * Reads the palette, which the file stores as all reds, all greens and all blues of 16 bits each.
   */
  private byte[] palette() throws UnreadableImageException {
    int colors = 1 << format.bits();
    long largest = 0;
    for (int i = 0; i < 3 * colors; i++) {
      largest = Math.max(largest, directory.valueAt(TiffDirectory.COLOR_MAP, i));
    }
    // Some writers use only eight bits.
    int shift = largest < 256 ? 0 : 8;
    byte[] palette = new byte[3 * colors];
    for (int i = 0; i < colors; i++) {
      for (int c = 0; c < 3; c++) {
        palette[3 * i + c] =
            (byte) (directory.valueAt(TiffDirectory.COLOR_MAP, c * colors + i) >> shift);
      }
    }
    return palette;
  }

  /** A copy of the file with the bits of each byte reversed. */
  private byte[] reversed() {
    byte[] file = bytes.array().clone();
    for (int i = 0; i < file.length; i++) {
      file[i] = (byte) (Integer.reverse(file[i]) >>> 24);
    }
    return file;
  }

  private TiffRows rows(byte[] file) throws UnreadableImageException {
    return switch (format.compression()) {
      case NONE -> new TiffStored(file);
      case PACK_BITS -> new TiffPackBits(file);
      case LZW -> new TiffLzw(file);
      case DEFLATE -> new TiffDeflate(file);
      case FAX_RUNS, FAX_RUNS_IN_WORDS, FAX_3, FAX_4 ->
          new TiffFax(
              file,
              format.compression(),
              directory.value(TiffDirectory.T4_OPTIONS, 0),
              pieces.width());
      case JPEG, OLD_JPEG ->
          new TiffJpeg(
              new TiffJpegStream(bytes, directory, format, header),
              pieces.width(),
              pieces.height(),
              format.together() == 1);
    };
  }

  /** The chroma subsampling factors. */
  private record Chroma(int across, int down) {
    static final Chroma FOR_EACH_PIXEL = new Chroma(1, 1);
  }

  private Chroma chroma() throws UnreadableImageException {
    if (format.color() != Color.YCBCR || format.compression().isJpeg()) {
      return Chroma.FOR_EACH_PIXEL;
    }
    // The default is two by two, which makes no sense for separate planes.
    int tag = TiffDirectory.YCBCR_SUBSAMPLING;
    long across = directory.value(tag, format.separate() ? 1 : 2);
    long down = directory.count(tag) > 1 ? directory.valueAt(tag, 1) : across;
    Chroma chroma = new Chroma((int) Math.min(across, 8), (int) Math.min(down, 8));
    if (chroma.equals(Chroma.FOR_EACH_PIXEL)) {
      return chroma;
    }
    boolean known = FACTORS.contains(chroma.across) && FACTORS.contains(chroma.down);
    boolean alone = !format.separate() && format.samples() == 3;
    if (!known || !alone || format.differences() != Differences.NONE) {
      throw ImageFile.unsupported(
          TIFF,
          "chroma of %d x %d pixels, %d samples a pixel%s%s"
              .formatted(
                  across,
                  down,
                  format.samples(),
                  format.separate() ? ", in planes" : "",
                  format.differences() == Differences.NONE ? "" : ", a predictor"));
    }
    return chroma;
  }

  void decode(RowSink sink) throws UnreadableImageException {
    for (int down = 0; down < pieces.down(); down++) {
      for (int across = 0; across < pieces.across(); across++) {
        decode(across, down, sink);
      }
    }
    if (samples.mostlyOutside()) {
      throw ImageFile.unsupported(TIFF, "%d-bit float outside 0 to 1".formatted(format.bits()));
    }
  }

  private void decode(int across, int down, RowSink sink) throws UnreadableImageException {
    int left = across * pieces.width();
    int top = down * pieces.height();
    int columns = Math.min(pieces.width(), header.width() - left);
    int rows = Math.min(pieces.height(), header.height() - top);
    for (int plane = 0; plane < planes.size(); plane++) {
      int number = pieces.number(format.separate() ? wanted[plane] : 0, across, down);
      planes
          .get(plane)
          .start((int) pieces.from(number), (int) pieces.length(number), (long) rows * row.length);
    }
    for (int y = top; y < top + rows; y++) {
      if (format.isPlainRgb()) {
        read(planes.get(0));
        sink.row(left, y, row, columns);
        continue;
      }
      if (ofBytes.isPresent()) {
        read(planes.get(0));
        ofBytes.get().convert(row, columns, rgb);
      } else {
        readValues(columns);
        colors.convert(values, columns, rgb);
      }
      sink.row(left, y, rgb, columns);
    }
    for (TiffRows plane : planes) {
      plane.end();
    }
  }

  private void read(TiffRows plane) throws UnreadableImageException {
    plane.next(row);
    predictor.undo(row);
  }

  /** Reads the samples of the next row that are used. */
  private void readValues(int columns) throws UnreadableImageException {
    int channels = wanted.length;
    if (format.separate()) {
      for (int channel = 0; channel < channels; channel++) {
        read(planes.get(channel));
        samples.take(row, columns, 1, 0, values, channel, channels);
      }
      return;
    }
    read(planes.get(0));
    for (int channel = 0; channel < channels; channel++) {
      samples.take(row, columns, format.samples(), wanted[channel], values, channel, channels);
    }
  }

  @Override
  public void close() {
    planes.forEach(TiffRows::close);
  }
}
