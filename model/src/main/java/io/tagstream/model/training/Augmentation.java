package io.tagstream.model.training;

import io.tagstream.model.image.ColorChange;
import io.tagstream.model.image.Region;
import java.util.Random;

/**
 * How a training changes a picture each time it looks at it, so that it never sees quite the same
 * one twice.
 */
public sealed interface Augmentation {

  /** The paper's own, section 4.1. */
  Augmentation PAPER = new PaperCrops(0.1);

  /** What learned most from a thousand photos. */
  Augmentation STRONG = new AreaCrops(0.35, 4 / 3.0, 0.2);

  /**
   * A square of the network's input size, anywhere in the picture whose shorter side is scaled as
   * for serving; then the colours are moved along the principal components of all training pixels.
   *
   * @param colorDeviation of the normal draw that multiplies each eigenvalue, one draw per
   *     component, picture and use; 0 leaves the colours as they are
   */
  record PaperCrops(double colorDeviation) implements Augmentation {

    public PaperCrops {
      if (!(colorDeviation >= 0)) {
        throw new IllegalArgumentException("a colour deviation of " + colorDeviation);
      }
    }

    @Override
    public boolean mirrors() {
      return true;
    }

    @Override
    public Region crop(int width, int height, int resize, int side, Random random) {
      double perPixel = (double) Math.min(width, height) / resize;
      long columns = Math.max(side, Math.round(width / perPixel));
      long rows = Math.max(side, Math.round(height / perPixel));
      return new Region(
          perPixel * random.nextLong(columns - side + 1),
          perPixel * random.nextLong(rows - side + 1),
          perPixel * side,
          perPixel * side,
          side,
          side);
    }

    @Override
    public ColorChange colors(Random random, PrincipalColors principal) {
      return principal.change(colorDeviation, random);
    }
  }

  /**
   * The square in the middle that serving looks at, never mirrored: what is left of the paper's
   * section 4.1 without crops and reflections.
   *
   * @param colorDeviation as for {@link PaperCrops}
   */
  record CentreCrop(double colorDeviation) implements Augmentation {

    public CentreCrop {
      if (!(colorDeviation >= 0)) {
        throw new IllegalArgumentException("a colour deviation of " + colorDeviation);
      }
    }

    @Override
    public boolean mirrors() {
      return false;
    }

    @Override
    public Region crop(int width, int height, int resize, int side, Random random) {
      double perPixel = (double) Math.min(width, height) / resize;
      return new Region(
          (width - perPixel * side) / 2,
          (height - perPixel * side) / 2,
          perPixel * side,
          perPixel * side,
          side,
          side);
    }

    @Override
    public ColorChange colors(Random random, PrincipalColors principal) {
      return principal.change(colorDeviation, random);
    }
  }

  /**
   * A rectangle of random area and shape, anywhere, scaled to the network's input; then brightness,
   * contrast and saturation change.
   *
   * @param smallestArea of a rectangle, as a share of the picture's; the largest is the picture
   * @param largestAspect width over height at most, height over width as well
   * @param colorRange by how much brightness, contrast and saturation change at most, each evenly
   *     drawn; 0 leaves the colours as they are
   */
  record AreaCrops(double smallestArea, double largestAspect, double colorRange)
      implements Augmentation {
    private static final int ATTEMPTS = 10;

    public AreaCrops {
      if (!(smallestArea > 0 && smallestArea <= 1)
          || !(largestAspect >= 1)
          || !(colorRange >= 0 && colorRange < 1)) {
        throw new IllegalArgumentException(
            "crops of %s of the area, aspect %s, colours %s"
                .formatted(smallestArea, largestAspect, colorRange));
      }
    }

    @Override
    public boolean mirrors() {
      return true;
    }

    /** A rectangle that does not fit is drawn again; after ten it is shrunk until it does. */
    @Override
    public Region crop(int width, int height, int resize, int side, Random random) {
      double columns;
      double rows;
      int attempt = 0;
      do {
        double area = (smallestArea + (1 - smallestArea) * random.nextDouble()) * width * height;
        // Evenly on a logarithmic scale: as often twice as wide as twice as high.
        double aspect = Math.pow(largestAspect, 2 * random.nextDouble() - 1);
        columns = Math.sqrt(area * aspect);
        rows = Math.sqrt(area / aspect);
      } while ((columns > width || rows > height) && ++attempt < ATTEMPTS);
      double shrink = Math.min(1, Math.min(width / columns, height / rows));
      columns *= shrink;
      rows *= shrink;
      return new Region(
          Math.max(0, (width - columns) * random.nextDouble()),
          Math.max(0, (height - rows) * random.nextDouble()),
          columns,
          rows,
          side,
          side);
    }

    @Override
    public ColorChange colors(Random random, PrincipalColors principal) {
      return ColorChange.jitter(factor(random), factor(random), factor(random));
    }

    private double factor(Random random) {
      return 1 + colorRange * (2 * random.nextDouble() - 1);
    }
  }

  /** Whether every other picture is mirrored, left for right. */
  boolean mirrors();

  /**
   * What is cut out of a picture.
   *
   * @param width columns of the upright picture
   * @param height rows of the upright picture
   * @param resize the shorter side when serving, in pixels
   * @param side S, the network's input, in pixels
   */
  Region crop(int width, int height, int resize, int side, Random random);

  /** What becomes of its colours. */
  ColorChange colors(Random random, PrincipalColors principal);
}
