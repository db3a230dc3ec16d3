package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

import io.tagstream.model.image.CodecFile.Alpha;
import java.nio.ByteOrder;

/**
 * The format of a TIFF's samples. Formats that are not supported are rejected, and the message
 * names the property.
 *
 * @param bits bits per sample, 1 to 32, or 64
 * @param kind the number type of a sample
 * @param samples samples per pixel, including those that are ignored
 * @param color the colour space of a pixel's first samples
 * @param alpha how the sample at {@code alphaAt} expresses transparency
 * @param alphaAt the index of the alpha sample in a pixel, from 0; -1 if there is none
 * @param separate whether each sample has separate strips or tiles (planar)
 * @param differences the predictor that was applied before compression
 * @param reversed whether the lowest bit of each byte is the first
 */
record TiffFormat(
    int bits,
    Kind kind,
    int samples,
    Color color,
    Alpha alpha,
    int alphaAt,
    boolean separate,
    Compression compression,
    Differences differences,
    boolean reversed,
    ByteOrder order) {

  private static final int MOST_SAMPLES = 64;

  /** The number type of a sample. */
  enum Kind {
    UNSIGNED,
    FLOAT
  }

  /** The colour space of a pixel's first samples. */
  enum Color {
    WHITE_IS_ZERO(1),
    BLACK_IS_ZERO(1),
    RGB(3),
    PALETTE(1),
    CMYK(4),
    YCBCR(3),
    CIE_LAB(3),
    ICC_LAB(3);

    private final int samples;

    Color(int samples) {
      this.samples = samples;
    }

    int samples() {
      return samples;
    }
  }

  /** The compression of strips and tiles. */
  enum Compression {
    NONE,
    FAX_RUNS,
    FAX_RUNS_IN_WORDS,
    FAX_3,
    FAX_4,
    LZW,
    OLD_JPEG,
    JPEG,
    DEFLATE,
    PACK_BITS;

    boolean isFax() {
      return this == FAX_RUNS || this == FAX_RUNS_IN_WORDS || this == FAX_3 || this == FAX_4;
    }

    boolean isJpeg() {
      return this == JPEG || this == OLD_JPEG;
    }
  }

  /** The predictor. */
  enum Differences {
    NONE,
    HORIZONTAL,
    FLOATING_POINT
  }

  static TiffFormat of(TiffDirectory directory) throws UnreadableImageException {
    Compression compression = compression(directory.value(TiffDirectory.COMPRESSION, 1));
    long listed = Math.max(1, directory.count(TiffDirectory.BITS_PER_SAMPLE));
    long samples = directory.value(TiffDirectory.SAMPLES_PER_PIXEL, listed);
    if (samples < 1 || samples > MOST_SAMPLES) {
      throw ImageFile.unsupported(TIFF, "%d samples a pixel".formatted(samples));
    }
    int bits = (int) same(directory, TiffDirectory.BITS_PER_SAMPLE, 1, "bits a sample");
    Kind kind = kind(directory, bits);
    Color color = color(directory, compression, (int) samples);
    if (samples < color.samples()) {
      throw ImageFile.broken(TIFF, "%d samples a pixel for %s".formatted(samples, color));
    }
    int alphaAt = alphaAt(directory, color, (int) samples);
    TiffFormat format =
        new TiffFormat(
            bits,
            kind,
            (int) samples,
            color,
            alpha(directory, color, alphaAt),
            alphaAt,
            samples > 1 && directory.value(TiffDirectory.PLANAR_CONFIGURATION, 1) == 2,
            compression,
            differences(directory, compression, kind, bits),
            directory.value(TiffDirectory.FILL_ORDER, 1) == 2,
            directory.order());
    format.checkTogether(directory);
    return format;
  }

  private static Compression compression(long number) throws UnreadableImageException {
    return switch ((int) Math.min(number, Integer.MAX_VALUE)) {
      case 1 -> Compression.NONE;
      case 2 -> Compression.FAX_RUNS;
      case 3 -> Compression.FAX_3;
      case 4 -> Compression.FAX_4;
      case 5 -> Compression.LZW;
      case 6 -> Compression.OLD_JPEG;
      case 7 -> Compression.JPEG;
      case 8, 32946 -> Compression.DEFLATE;
      case 32771 -> Compression.FAX_RUNS_IN_WORDS;
      case 32773 -> Compression.PACK_BITS;
      default ->
          throw ImageFile.unsupported(TIFF, "compression " + number + compressionName(number));
    };
  }

  private static String compressionName(long number) {
    return switch ((int) Math.min(number, Integer.MAX_VALUE)) {
      case 9, 10, 34661 -> " (JBIG)";
      case 32766 -> " (NeXT)";
      case 32809 -> " (ThunderScan)";
      case 32908, 32909 -> " (Pixar)";
      case 33003, 33004, 33005, 34712 -> " (JPEG 2000)";
      case 34676, 34677 -> " (SGI Log)";
      case 34887 -> " (LERC)";
      case 34892 -> " (lossy JPEG of DNG)";
      case 34925 -> " (LZMA)";
      case 34933 -> " (PNG)";
      case 34934 -> " (JPEG XR)";
      case 50000 -> " (Zstandard)";
      case 50001 -> " (WebP)";
      case 50002, 52546 -> " (JPEG XL)";
      default -> "";
    };
  }

  /** Reads a property that has one value per sample; all must be equal. */
  private static long same(TiffDirectory directory, int tag, long absent, String name)
      throws UnreadableImageException {
    long first = directory.value(tag, absent);
    for (int i = 1; i < Math.min(directory.count(tag), MOST_SAMPLES); i++) {
      long other = directory.valueAt(tag, i);
      if (other != first) {
        throw ImageFile.unsupported(TIFF, "%d and %d %s".formatted(first, other, name));
      }
    }
    return first;
  }

  private static Kind kind(TiffDirectory directory, int bits) throws UnreadableImageException {
    long format = same(directory, TiffDirectory.SAMPLE_FORMAT, 1, "as formats of samples");
    String name =
        switch ((int) Math.min(format, Integer.MAX_VALUE)) {
          // 4 means undefined; read as unsigned integers.
          case 1, 4 -> (bits >= 1 && bits <= 32) || bits == 64 ? "" : "integers";
          case 2 -> "signed integers";
          case 3 -> bits == 16 || bits == 32 || bits == 64 ? "" : "float";
          case 5 -> "complex integers";
          case 6 -> "complex float";
          default -> "samples of format " + format;
        };
    if (!name.isEmpty()) {
      throw ImageFile.unsupported(TIFF, "%d-bit %s".formatted(bits, name));
    }
    return format == 3 ? Kind.FLOAT : Kind.UNSIGNED;
  }

  private static Color color(TiffDirectory directory, Compression compression, int samples)
      throws UnreadableImageException {
    // The defaults of libtiff.
    long usual = samples >= 3 ? 2 : compression.isFax() ? 0 : 1;
    long number = directory.value(TiffDirectory.PHOTOMETRIC, usual);
    return switch ((int) Math.min(number, Integer.MAX_VALUE)) {
      case 0 -> Color.WHITE_IS_ZERO;
      case 1 -> Color.BLACK_IS_ZERO;
      case 2 -> Color.RGB;
      case 3 -> Color.PALETTE;
      case 5 -> Color.CMYK;
      case 6 -> Color.YCBCR;
      case 8 -> Color.CIE_LAB;
      case 9 -> Color.ICC_LAB;
      default ->
          throw ImageFile.unsupported(
              TIFF,
              "photometric interpretation "
                  + number
                  + switch ((int) Math.min(number, Integer.MAX_VALUE)) {
                    case 4 -> " (mask)";
                    case 10 -> " (ITU L*a*b*)";
                    case 32803 -> " (colour filter array)";
                    case 32844, 32845 -> " (SGI Log)";
                    case 34892 -> " (linear raw)";
                    default -> "";
                  });
    };
  }

  /** The index of the first sample after the colours that is declared as alpha. */
  private static int alphaAt(TiffDirectory directory, Color color, int samples)
      throws UnreadableImageException {
    for (int i = 0; i < directory.count(TiffDirectory.EXTRA_SAMPLES); i++) {
      long extra = directory.valueAt(TiffDirectory.EXTRA_SAMPLES, i);
      int at = color.samples() + i;
      if ((extra == 1 || extra == 2) && at < samples) {
        return at;
      }
    }
    // An undeclared fourth sample is alpha, as in libtiff and other readers.
    boolean undeclared = !directory.has(TiffDirectory.EXTRA_SAMPLES);
    return undeclared && color == Color.RGB && samples == 4 ? 3 : -1;
  }

  private static Alpha alpha(TiffDirectory directory, Color color, int alphaAt)
      throws UnreadableImageException {
    if (alphaAt < 0) {
      return Alpha.NONE;
    }
    boolean declared = directory.has(TiffDirectory.EXTRA_SAMPLES);
    int index = alphaAt - color.samples();
    return declared && directory.valueAt(TiffDirectory.EXTRA_SAMPLES, index) == 1
        ? Alpha.PREMULTIPLIED
        : Alpha.STRAIGHT;
  }

  private static Differences differences(
      TiffDirectory directory, Compression compression, Kind kind, int bits)
      throws UnreadableImageException {
    if (compression != Compression.LZW && compression != Compression.DEFLATE) {
      return Differences.NONE;
    }
    long predictor = directory.value(TiffDirectory.PREDICTOR, 1);
    boolean wholeBytes = bits == 8 || bits == 16 || bits == 32 || bits == 64;
    if (predictor == 1) {
      return Differences.NONE;
    }
    if (predictor == 2 && wholeBytes) {
      return Differences.HORIZONTAL;
    }
    if (predictor == 3 && kind == Kind.FLOAT) {
      return Differences.FLOATING_POINT;
    }
    throw ImageFile.unsupported(
        TIFF,
        "predictor %d with %d-bit %s"
            .formatted(predictor, bits, kind == Kind.FLOAT ? "float" : "integers"));
  }

  /** Rejects combinations of properties that are each supported alone. */
  private void checkTogether(TiffDirectory directory) throws UnreadableImageException {
    if (compression.isFax() && (bits != 1 || samples != 1)) {
      throw ImageFile.unsupported(
          TIFF, "fax compression of %d samples of %d bits a pixel".formatted(samples, bits));
    }
    if (compression.isJpeg() && bits != 8) {
      throw ImageFile.unsupported(TIFF, "JPEG of %d-bit samples".formatted(bits));
    }
    if (compression.isJpeg() && !separate && samples != 1 && samples != 3) {
      throw ImageFile.unsupported(TIFF, "JPEG of %d samples a pixel".formatted(samples));
    }
    if (compression == Compression.OLD_JPEG && separate) {
      throw ImageFile.unsupported(TIFF, "old-style JPEG in planes");
    }
    switch (color) {
      case PALETTE -> {
        if (bits > 16 || kind == Kind.FLOAT) {
          throw ImageFile.unsupported(TIFF, "palette of %d-bit indices".formatted(bits));
        }
        if (directory.count(TiffDirectory.COLOR_MAP) < 3 << bits) {
          throw ImageFile.broken(
              TIFF,
              "a palette of %d numbers, %d needed"
                  .formatted(directory.count(TiffDirectory.COLOR_MAP), 3 << bits));
        }
      }
      case CMYK -> {
        long inks = directory.value(TiffDirectory.INK_SET, 1);
        if (inks != 1) {
          throw ImageFile.unsupported(TIFF, "ink set " + inks);
        }
      }
      case YCBCR -> {
        if (bits != 8) {
          throw ImageFile.unsupported(TIFF, "YCbCr of %d-bit samples".formatted(bits));
        }
      }
      case CIE_LAB, ICC_LAB -> {
        if ((bits != 8 && bits != 16) || kind == Kind.FLOAT) {
          throw ImageFile.unsupported(
              TIFF,
              "L*a*b* of %d-bit %s".formatted(bits, kind == Kind.FLOAT ? "float" : "integers"));
        }
      }
      default -> {}
    }
  }

  /** Whether an expanded row is three bytes per pixel: red, green and blue. */
  boolean isPlainRgb() {
    boolean rgb = color == Color.RGB || (color == Color.YCBCR && compression.isJpeg());
    return rgb && bits == 8 && samples == 3 && !separate && alpha == Alpha.NONE;
  }

  /** Whether each sample is one pixel and samples are packed into whole bytes. */
  boolean isBytesOfColors() {
    return samples == 1 && (bits == 1 || bits == 2 || bits == 4 || bits == 8);
  }

  /** The number of a pixel's samples that are stored interleaved. */
  int together() {
    return separate ? 1 : samples;
  }
}
