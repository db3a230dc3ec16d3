package io.tagstream.model.training;

import io.tagstream.model.image.ColorChange;
import io.tagstream.model.image.Region;
import java.util.Random;

/** A random change of an image each time a training uses it. */
public sealed interface Augmentation {

  /** The paper's augmentation, section 4.1. */
  Augmentation PAPER = new PaperCrops(0.1);

  /** The augmentation with the best accuracy on a thousand photos. */
  Augmentation STRONG = new AreaCrops(0.35, 4 / 3.0, 0.2);

  /**
   * A random square of the network's input size from the image, whose shorter side is scaled as for
   * serving; then the colours are shifted along the principal components of all training pixels.
   *
   * @param colorDeviation standard deviation of the normal random factor of each eigenvalue, drawn
   *     per component, image and use; 0 leaves the colours unchanged
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
   * The centre square that serving uses, never mirrored: the paper's section 4.1 without crops and
   * reflections.
   *
   * @param colorDeviation as in {@link PaperCrops}
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
   * A rectangle of random area, aspect ratio and position, scaled to the network's input; then a
   * random change of brightness, contrast and saturation.
   *
   * @param smallestArea the smallest area, as a share of the image's; the largest is the whole
   *     image
   * @param largestAspect the largest ratio of width to height, and of height to width
   * @param colorRange the largest relative change of brightness, contrast and saturation, each
   *     uniformly distributed; 0 leaves the colours unchanged
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

    /**
     * A rectangle that does not fit is drawn again; after ten attempts it is shrunk until it fits.
     */
    @Override
    public Region crop(int width, int height, int resize, int side, Random random) {
      double columns;
      double rows;
      int attempt = 0;
      do {
        double area = (smallestArea + (1 - smallestArea) * random.nextDouble()) * width * height;
        // Uniform on a logarithmic scale: twice as wide is as likely as twice as high.
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

  /** Whether half of the images are mirrored, left to right. */
  boolean mirrors();

  /**
   * Chooses the region to cut out of an image.
   *
   * @param width columns of the upright image
   * @param height rows of the upright image
   * @param resize the shorter side for serving, in pixels
   * @param side S, the network's input, in pixels
   */
  Region crop(int width, int height, int resize, int side, Random random);

  /** Chooses the colour change of an image. */
  ColorChange colors(Random random, PrincipalColors principal);
}
