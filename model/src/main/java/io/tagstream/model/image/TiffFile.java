package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.TIFF;

import io.tagstream.model.image.UnreadableImageException.Stage;
import java.util.List;

/** A TIFF's first picture, in strips or tiles. Its header declares the picture turned upright. */
final class TiffFile implements CodecFile {
  private static final int PLANAR_SEPARATE = 2;
  private static final int EXTRA_PREMULTIPLIED = 1;
  private static final int EXTRA_STRAIGHT = 2;
  private static final long LARGEST_TILE = 1 << 22;

  private final EncodedBytes bytes;
  private final TiffDirectory directory;
  private final ImageHeader header;
  private final Alpha alpha;

  private TiffFile(EncodedBytes bytes, TiffDirectory directory, ImageHeader header, Alpha alpha) {
    this.bytes = bytes;
    this.directory = directory;
    this.header = header;
    this.alpha = alpha;
  }

  static TiffFile open(EncodedBytes bytes) throws UnreadableImageException {
    TiffDirectory directory = new TiffDirectory(bytes, 0);
    long width = directory.value(TiffDirectory.WIDTH, 0);
    long height = directory.value(TiffDirectory.HEIGHT, 0);
    boolean sideways = Orientation.of(directory.value(TiffDirectory.ORIENTATION, 1)).transpose();
    ImageHeader header =
        sideways
            ? ImageHeader.declared(TIFF, height, width)
            : ImageHeader.declared(TIFF, width, height);
    return new TiffFile(bytes, directory, header, alpha(directory));
  }

  private static Alpha alpha(TiffDirectory directory) throws UnreadableImageException {
    int extra = (int) directory.value(TiffDirectory.EXTRA_SAMPLES, 0);
    if (extra != EXTRA_PREMULTIPLIED && extra != EXTRA_STRAIGHT) {
      return Alpha.NONE;
    }
    boolean wide = directory.value(TiffDirectory.BITS_PER_SAMPLE, 1) > 8;
    // libtiff's own conversion to eight bits multiplies by alpha.
    return wide && extra == EXTRA_STRAIGHT ? Alpha.STRAIGHT : Alpha.PREMULTIPLIED;
  }

  @Override
  public ImageHeader header() {
    return header;
  }

  /** The codec turns the picture itself, whatever it is told. */
  @Override
  public Orientation orientation() {
    return Orientation.UPRIGHT;
  }

  @Override
  public Alpha alpha() {
    return alpha;
  }

  @Override
  public void checkWhole() throws UnreadableImageException {
    long width = directory.value(TiffDirectory.WIDTH, 0);
    long height = directory.value(TiffDirectory.HEIGHT, 0);
    boolean tiled = directory.has(TiffDirectory.TILE_OFFSETS);
    long across = 1;
    long down;
    if (tiled) {
      long tileWidth = directory.value(TiffDirectory.TILE_WIDTH, 0);
      long tileHeight = directory.value(TiffDirectory.TILE_HEIGHT, 0);
      checkTile(tileWidth, tileHeight);
      across = divideUp(width, tileWidth);
      down = divideUp(height, tileHeight);
    } else {
      long rows = directory.value(TiffDirectory.ROWS_PER_STRIP, height);
      down = divideUp(height, Math.max(1, Math.min(rows, height)));
    }
    boolean planes = directory.value(TiffDirectory.PLANAR_CONFIGURATION, 1) == PLANAR_SEPARATE;
    long samples = directory.value(TiffDirectory.SAMPLES_PER_PIXEL, 1);
    long pieces = across * down * (planes ? samples : 1);
    int offsets = tiled ? TiffDirectory.TILE_OFFSETS : TiffDirectory.STRIP_OFFSETS;
    int counts = tiled ? TiffDirectory.TILE_BYTE_COUNTS : TiffDirectory.STRIP_BYTE_COUNTS;
    if (directory.count(offsets) < pieces || directory.count(counts) < pieces) {
      throw ImageFile.broken(
          TIFF, "%d strips or tiles, %d needed".formatted(directory.count(offsets), pieces));
    }
    for (int piece = 0; piece < pieces; piece++) {
      long count = directory.valueAt(counts, piece);
      if (count == 0) {
        throw ImageFile.broken(TIFF, "strip or tile %d is empty".formatted(piece));
      }
      bytes.require(directory.valueAt(offsets, piece), count);
    }
  }

  /** The codec allocates a whole tile, however small the picture is. */
  private void checkTile(long width, long height) throws UnreadableImageException {
    if (width < 1 || height < 1) {
      throw ImageFile.broken(TIFF, "tiles of %d x %d".formatted(width, height));
    }
    if (width > Integer.MAX_VALUE
        || height > Integer.MAX_VALUE
        || width * height > Math.max(LARGEST_TILE, 4 * header.pixels())) {
      throw new UnreadableImageException(
          Stage.LIMIT,
          "the TIFF's tiles of %d x %d are far larger than its picture".formatted(width, height));
    }
  }

  private static long divideUp(long number, long by) {
    return (number + by - 1) / by;
  }

  @Override
  public List<Part> parts() {
    return List.of(new Part(bytes, 0, bytes.length()));
  }
}
