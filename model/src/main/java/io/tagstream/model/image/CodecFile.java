package io.tagstream.model.image;

import java.util.List;

/** An encoded image that one of OpenCV's codecs decodes. */
sealed interface CodecFile extends ImageFile permits JpegFile, PngFile, WebpFile {

  /** How the decoded samples express transparency. */
  enum Alpha {
    /** No transparency, or a fourth sample without meaning. */
    NONE,
    /** Colours are not multiplied by alpha. */
    STRAIGHT,
    /** Colours are already multiplied by alpha. */
    PREMULTIPLIED,
    /** One colour is transparent, see {@link #colorKey()}. */
    COLOR_KEY
  }

  /** A part of the codec's input: a range of the file, or bytes that replace a part of it. */
  record Part(EncodedBytes source, int from, int length) {}

  /** Where on the canvas the decoded frame lies; the rest of the canvas is white. */
  record Placement(int left, int top, int width, int height) {
    boolean covers(ImageHeader canvas) {
      return width == canvas.width() && height == canvas.height();
    }
  }

  /** Valid after {@link #checkWhole}. */
  Alpha alpha();

  /** The samples of the transparent colour, red first, at the bit depth of the codec's output. */
  default int[] colorKey() {
    throw new IllegalStateException("%s has no colour key".formatted(header().format()));
  }

  /** Valid after {@link #checkWhole}. */
  default Placement placement() {
    return new Placement(0, 0, header().width(), header().height());
  }

  /**
   * For a codec that holds little more than a few rows: four samples per pixel if there is alpha.
   */
  @Override
  default long workingBytes() throws UnreadableImageException {
    return alpha() == Alpha.NONE ? 0 : 4 * header().pixels();
  }

  /**
   * The parts that the codec decodes, in order. Where the format allows it, metadata, profiles,
   * further frames and bytes after the end are left out, so native code never parses them.
   */
  List<Part> parts();
}
