package io.tagstream.model.image;

/**
 * The formats that are decoded. A file's format is recognised by its first bytes, never by its
 * name.
 */
public enum ImageFormat {
  JPEG,
  PNG,
  GIF,
  WEBP,
  BMP,
  TIFF
}
