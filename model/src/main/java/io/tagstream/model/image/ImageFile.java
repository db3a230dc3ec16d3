package io.tagstream.model.image;

import io.tagstream.model.image.UnreadableImageException.Stage;
import java.util.HexFormat;
import java.util.Optional;

/**
 * An encoded image whose header has been read. {@link #checkWhole} finds what the codecs ignore,
 * such as a truncated file or a wrong checksum, by parsing the file's structure.
 */
sealed interface ImageFile permits CodecFile, RowFile {

  ImageHeader header();

  /** The orientation that the file's EXIF or TIFF tags declare. */
  Orientation orientation();

  /**
   * Checks the structure of the whole file.
   *
   * @throws UnreadableImageException if it is truncated, inconsistent or fails a checksum
   */
  void checkWhole() throws UnreadableImageException;

  /**
   * The most bytes that decoding holds in addition to the decoded image of three bytes per pixel.
   * Valid after {@link #checkWhole}.
   */
  long workingBytes() throws UnreadableImageException;

  /** Recognises the format by the first bytes and reads the header. */
  static ImageFile open(EncodedBytes bytes) throws UnreadableImageException {
    if (bytes.length() == 0) {
      throw new UnreadableImageException(Stage.DECODE, "the image is empty");
    }
    if (bytes.matches(0, "\u00ff\u00d8\u00ff")) {
      return JpegFile.open(bytes);
    }
    if (bytes.matches(0, PngFile.SIGNATURE)) {
      return PngFile.open(bytes);
    }
    if (bytes.matches(0, "GIF87a") || bytes.matches(0, "GIF89a")) {
      return GifFile.open(bytes);
    }
    if (bytes.matches(0, "RIFF") && bytes.matches(8, "WEBP")) {
      return WebpFile.open(bytes);
    }
    if (bytes.matches(0, "BM")) {
      return BmpFile.open(bytes);
    }
    if (TiffDirectory.begins(bytes)) {
      return TiffFile.open(bytes);
    }
    Optional<String> name = ForeignFormat.nameOf(bytes);
    if (name.isPresent()) {
      throw new UnreadableImageException(Stage.DECODE, "unsupported format: " + name.get());
    }
    throw new UnreadableImageException(
        Stage.DECODE,
        "no JPEG, PNG, GIF, WebP, BMP or TIFF: it begins with "
            + HexFormat.ofDelimiter(" ").formatHex(bytes.array(), 0, Math.min(8, bytes.length())));
  }

  /** The exception for a file that violates its format. */
  static UnreadableImageException broken(ImageFormat format, String what) {
    return new UnreadableImageException(Stage.DECODE, "broken %s: %s".formatted(format, what));
  }

  /** The exception for a file that uses a feature of its format that is not supported. */
  static UnreadableImageException unsupported(ImageFormat format, String what) {
    return new UnreadableImageException(Stage.DECODE, "unsupported %s: %s".formatted(format, what));
  }
}
