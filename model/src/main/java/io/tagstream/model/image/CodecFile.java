package io.tagstream.model.image;

import java.util.List;

/** An encoded image that one of OpenCV's codecs decodes. */
sealed interface CodecFile extends ImageFile
    permits BmpFile, JpegFile, PngFile, TiffFile, WebpFile {

  /** How a picture's alpha channel is to be read. */
  enum Alpha {
    /** There is none, or the format gives it no meaning. */
    NONE,
    /** Colours are as they look where they are opaque. */
    STRAIGHT,
    /** Colours are multiplied by alpha already. */
    PREMULTIPLIED
  }

  /** A part of what the codec is given: of the file, or bytes that stand in for some of it. */
  record Part(EncodedBytes source, int from, int length) {}

  Alpha alpha();

  /**
   * The parts of the file that hold the picture, in order. What is left out where the format allows
   * it (metadata, profiles, further frames, anything after the end) no native code ever parses.
   */
  List<Part> parts();
}
