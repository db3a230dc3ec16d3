package io.tagstream.producers.drawn;

import java.awt.Dimension;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.plugins.jpeg.JPEGImageWriteParam;
import javax.imageio.stream.ImageOutputStream;

/**
 * An endless sequence of labelled pictures, for the demo and for tests: ten kinds of scenes that
 * vary in place, size, tilt, colour, backdrop and clutter, so that no single pixel gives away the
 * class. A picture depends only on seed and number. Thread-safe.
 */
public final class DrawnScenes {

  /** The classes in alphabetical order, which is how a training numbers folders. */
  public static final List<String> LABELS =
      Arrays.stream(Subject.values()).map(DrawnScenes::label).sorted().toList();

  private static final float QUALITY = 0.85f;

  private final long seed;

  /** Sequences with different seeds have no picture in common. */
  public DrawnScenes(long seed) {
    this.seed = seed;
  }

  /** Draws the picture of a number. Ten in a row from a multiple of ten show each kind once. */
  public DrawnScene scene(long number) {
    Subject[] subjects = Subject.values();
    long round = Math.floorDiv(number, subjects.length);
    int place = Math.floorMod(number, subjects.length);
    // The order within each ten is random, so that a stream does not repeat the same order.
    SplittableRandom order = new SplittableRandom(mix(seed, round) + 1);
    for (int i = subjects.length - 1; i > 0; i--) {
      int j = order.nextInt(i + 1);
      Subject swapped = subjects[i];
      subjects[i] = subjects[j];
      subjects[j] = swapped;
    }
    Subject subject = subjects[place];
    return new DrawnScene(label(subject), jpeg(draw(subject, mix(seed, number))));
  }

  private static BufferedImage draw(Subject subject, long seed) {
    Palette palette = new Palette(new SplittableRandom(seed));
    int longer = palette.between(320, 501);
    int shorter = longer * 3 / 4;
    boolean upright = palette.chance(0.3);
    Dimension size = upright ? new Dimension(shorter, longer) : new Dimension(longer, shorter);
    BufferedImage image = new BufferedImage(size.width, size.height, BufferedImage.TYPE_3BYTE_BGR);
    Graphics2D graphics = image.createGraphics();
    try {
      graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
      new Composition(graphics, size, palette).paint(subject);
    } finally {
      graphics.dispose();
    }
    return image;
  }

  private static ByteBuffer jpeg(BufferedImage image) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(64 << 10);
    try (ImageOutputStream stream = ImageIO.createImageOutputStream(bytes)) {
      ImageWriteParam parameters = new JPEGImageWriteParam(Locale.ROOT);
      parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      parameters.setCompressionQuality(QUALITY);
      writer.setOutput(stream);
      writer.write(null, new IIOImage(image, null, null), parameters);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return ByteBuffer.wrap(bytes.toByteArray());
  }

  private static long mix(long seed, long number) {
    return new SplittableRandom(seed ^ (number * 0x9E3779B97F4A7C15L)).nextLong();
  }

  private static String label(Subject subject) {
    return subject.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
