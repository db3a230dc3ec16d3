package io.tagstream.model.image;

/** The formats that are decoded, told apart by a file's first bytes and never by its name. */
public enum ImageFormat {
  JPEG,
  PNG,
  GIF,
  WEBP,
  BMP,
  TIFF
}
