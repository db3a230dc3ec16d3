package io.tagstream.model.training;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;

/** Draws labelled images for tests. */
public final class Pictures {
  private Pictures() {}

  /** Warm discs on dark ground and cold stripes on bright ground, {@code count} of each. */
  public static void twoClasses(Path folder, int count) {
    Random random = new Random(count);
    for (int i = 0; i < count; i++) {
      write(folder.resolve("discs/%02d.png".formatted(i)), disc(random));
      write(folder.resolve("stripes/%02d.png".formatted(i)), stripes(random));
    }
  }

  /** A third, easy class in addition to those two. */
  static void greens(Path folder, int count) {
    Random random = new Random(count);
    for (int i = 0; i < count; i++) {
      Color color = new Color(random.nextInt(60), 150 + random.nextInt(100), random.nextInt(60));
      write(folder.resolve("greens/%02d.png".formatted(i)), shade(filled(90, 80, color), random));
    }
  }

  /** Images of one class that are no more similar than photos. */
  static void various(Path folder, int count) {
    Random random = new Random(count);
    for (int i = 0; i < count; i++) {
      write(
          folder.resolve("various/%02d.png".formatted(i)),
          shade(filled(72, 64, new Color(random.nextInt(1 << 24))), random));
    }
  }

  /** Images of one class that differ in a single point. */
  static void copies(Path folder, String label, int count, long seed) {
    for (int i = 0; i < count; i++) {
      BufferedImage image = shade(filled(90, 80, Color.ORANGE), new Random(seed));
      image.setRGB(i, 0, 0);
      write(folder.resolve("%s/%02d.png".formatted(label, i)), image);
    }
  }

  /** Darkens random parts: images without details would count as near duplicates. */
  private static BufferedImage shade(BufferedImage image, Random random) {
    Graphics2D graphics = image.createGraphics();
    for (int cell = 0; cell < 72; cell++) {
      graphics.setColor(new Color(0, 0, 0, random.nextInt(140)));
      int x = cell % 9 * image.getWidth() / 9;
      int y = cell / 9 * image.getHeight() / 8;
      int right = (cell % 9 + 1) * image.getWidth() / 9;
      int bottom = (cell / 9 + 1) * image.getHeight() / 8;
      graphics.fillRect(x, y, right - x, bottom - y);
    }
    graphics.dispose();
    return image;
  }

  static BufferedImage filled(int width, int height, Color color) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(color);
    graphics.fillRect(0, 0, width, height);
    graphics.dispose();
    return image;
  }

  private static BufferedImage disc(Random random) {
    BufferedImage image = filled(100, 80, new Color(random.nextInt(80), 20, random.nextInt(60)));
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(new Color(200 + random.nextInt(50), 120 + random.nextInt(80), 30));
    int size = 25 + random.nextInt(30);
    graphics.fillOval(random.nextInt(100 - size), random.nextInt(80 - size), size, size);
    graphics.dispose();
    return shade(image, random);
  }

  private static BufferedImage stripes(Random random) {
    BufferedImage image = filled(80, 100, new Color(190, 200 + random.nextInt(50), 230));
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(new Color(20, 60 + random.nextInt(60), 150 + random.nextInt(80)));
    int width = 4 + random.nextInt(6);
    for (int x = random.nextInt(width); x < 80; x += 2 * width) {
      graphics.fillRect(x, 0, width, 100);
    }
    graphics.dispose();
    return shade(image, random);
  }

  static void write(Path file, BufferedImage image) {
    try {
      Files.createDirectories(file.getParent());
      ImageIO.write(image, "png", file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file that is not an image. */
  static void writeText(Path file) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, "no picture at all");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
