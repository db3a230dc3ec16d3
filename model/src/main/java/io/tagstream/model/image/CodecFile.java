package io.tagstream.model.image;

import java.util.List;

/** An encoded image that one of OpenCV's codecs decodes. */
sealed interface CodecFile extends ImageFile permits JpegFile, PngFile, WebpFile {

  /** How a picture's transparency is to be read. */
  enum Alpha {
    /** There is none, or the format gives it no meaning. */
    NONE,
    /** Colours are as they look where they are opaque. */
    STRAIGHT,
    /** Colours are multiplied by alpha already. */
    PREMULTIPLIED,
    /** One colour is transparent, see {@link #colorKey()}. */
    COLOR_KEY
  }

  /** A part of what the codec is given: of the file, or bytes that stand in for some of it. */
  record Part(EncodedBytes source, int from, int length) {}

  /** Where on the canvas the codec's picture lies; white shows beside it. */
  record Placement(int left, int top, int width, int height) {
    boolean covers(ImageHeader canvas) {
      return width == canvas.width() && height == canvas.height();
    }
  }

  /** After {@link #checkWhole}. */
  Alpha alpha();

  /** The samples of the transparent colour, at the depth that the codec gives: red first. */
  default int[] colorKey() {
    throw new IllegalStateException("%s has no colour key".formatted(header().format()));
  }

  /** After {@link #checkWhole}. */
  default Placement placement() {
    return new Placement(0, 0, header().width(), header().height());
  }

  /** Of a codec that needs little more than rows: four samples a pixel where there is alpha. */
  @Override
  default long workingBytes() throws UnreadableImageException {
    return alpha() == Alpha.NONE ? 0 : 4 * header().pixels();
  }

  /**
   * The parts of the file that hold the picture, in order. What is left out where the format allows
   * it (metadata, profiles, further frames, anything after the end) no native code ever parses.
   */
  List<Part> parts();
}
