package io.tagstream.model.image;

import io.tagstream.model.image.UnreadableImageException.Stage;
import java.util.HexFormat;
import java.util.Optional;

/**
 * An encoded image whose header has been read. What the codecs let pass in silence (a file cut
 * short, a wrong checksum) is found here, by walking the file's own structure.
 */
sealed interface ImageFile permits CodecFile, RowFile {

  ImageHeader header();

  /** The orientation that the file's EXIF or TIFF tags ask for. */
  Orientation orientation();

  /**
   * Walks the whole file.
   *
   * @throws UnreadableImageException where it is cut short, contradicts itself or fails a checksum
   */
  void checkWhole() throws UnreadableImageException;

  /**
   * Bytes that its decoding holds at most beside the picture of three bytes a pixel. After {@link
   * #checkWhole}.
   */
  long workingBytes() throws UnreadableImageException;

  /** Tells the format from the first bytes and reads the header. */
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

  /** A file of a known format that contradicts the format. */
  static UnreadableImageException broken(ImageFormat format, String what) {
    return new UnreadableImageException(Stage.DECODE, "broken %s: %s".formatted(format, what));
  }

  /** A file of a known format that uses a part of the format which is not decoded here. */
  static UnreadableImageException unsupported(ImageFormat format, String what) {
    return new UnreadableImageException(Stage.DECODE, "unsupported %s: %s".formatted(format, what));
  }
}
