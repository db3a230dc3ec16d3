package io.tagstream.producers.drawn;

import java.awt.Color;
import java.util.List;
import java.util.SplittableRandom;

/** Random numbers and colours for one picture, from that picture's random sequence. */
final class Palette {

  private static final List<Color> SKINS =
      List.of(
          new Color(0xFFDBB5),
          new Color(0xF1C27D),
          new Color(0xE0A878),
          new Color(0xC68642),
          new Color(0x8D5524),
          new Color(0x5C3A21),
          new Color(0xFFD93B));

  private final SplittableRandom random;

  Palette(SplittableRandom random) {
    this.random = random;
  }

  boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  /** From {@code low} inclusive to {@code high} exclusive. */
  int between(int low, int high) {
    return random.nextInt(low, high);
  }

  double between(double low, double high) {
    return low + (high - low) * random.nextDouble();
  }

  /** Any strong colour. */
  Color vivid() {
    return hsb(between(0, 1.0), between(0.55, 0.95), between(0.65, 1.0));
  }

  /** A light colour for walls and paper. */
  Color pastel() {
    return hsb(between(0, 1.0), between(0.08, 0.35), between(0.8, 1.0));
  }

  /** A dark colour for nights and outlines. */
  Color deep() {
    return hsb(between(0, 1.0), between(0.3, 0.8), between(0.12, 0.35));
  }

  /** A colour with a hue between the bounds, 0 to 1 around the colour circle. */
  Color hue(double low, double high) {
    return hsb(between(low, high), between(0.45, 0.9), between(0.45, 0.95));
  }

  Color skin() {
    return SKINS.get(random.nextInt(SKINS.size()));
  }

  Color wood() {
    return hsb(between(0.05, 0.1), between(0.45, 0.75), between(0.3, 0.65));
  }

  static Color hsb(double hue, double saturation, double brightness) {
    return Color.getHSBColor((float) hue, (float) saturation, (float) brightness);
  }

  /** Blends towards white for amounts above 0 and towards black below; 1 gives white, -1 black. */
  static Color shade(Color color, double amount) {
    int target = amount > 0 ? 255 : 0;
    double part = Math.abs(amount);
    return new Color(
        blend(color.getRed(), target, part),
        blend(color.getGreen(), target, part),
        blend(color.getBlue(), target, part));
  }

  /** The colour with an opacity from 0 (invisible) to 1 (opaque). */
  static Color translucent(Color color, double opacity) {
    return new Color(
        color.getRed(), color.getGreen(), color.getBlue(), (int) Math.round(255 * opacity));
  }

  private static int blend(int from, int to, double part) {
    return (int) Math.round(from + (to - from) * part);
  }
}
