package io.tagstream.producers.drawn;

import java.awt.Color;
import java.awt.Dimension;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.Paint;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;

/**
 * Draws one picture: a backdrop, clutter, the subject at a random place, and a little more clutter.
 */
final class Composition {

  private final Graphics2D graphics;
  private final int width;
  private final int height;
  private final Palette palette;

  Composition(Graphics2D graphics, Dimension size, Palette palette) {
    this.graphics = graphics;
    this.width = size.width;
    this.height = size.height;
    this.palette = palette;
  }

  void paint(Subject subject) {
    switch (subject.place()) {
      case ANYWHERE -> {
        switch (palette.between(0, 4)) {
          case 0 -> landscape();
          case 1 -> paper();
          case 2 -> lights();
          default -> room();
        }
      }
      case OUTDOORS -> {
        if (palette.chance(0.75)) {
          landscape();
        } else {
          paper();
        }
      }
      case SEA -> sea(subject == Subject.SUN_OVER_SEA);
    }
    clutter(palette.between(0, 6), 0.05);
    subject(subject);
    clutter(palette.between(0, 4), 0.035);
    light();
  }

  private void subject(Subject subject) {
    AffineTransform before = graphics.getTransform();
    double half = Math.min(width, height) / 2.0;
    double scale = half * palette.between(0.5, 0.88);
    // Mostly inside: the paper's crops cut off the ends of the longer side.
    double slackX = Math.max(0, Math.min(width, height * 1.1) / 2 - scale * 0.85);
    double slackY = Math.max(0, height / 2.0 - scale * 0.95);
    graphics.translate(
        width / 2.0 + palette.between(-1, 1.0) * slackX,
        height / 2.0 + palette.between(-1, 1.0) * slackY);
    graphics.rotate(Math.toRadians(palette.between(-subject.tilt(), subject.tilt())));
    graphics.scale(palette.chance(0.5) ? scale : -scale, scale);
    subject.draw(new Pen(graphics, palette));
    graphics.setTransform(before);
  }

  private void landscape() {
    boolean night = palette.chance(0.2);
    Color top = night ? palette.deep() : palette.hue(0.5, 0.66);
    Color low = night ? Palette.shade(top, 0.25) : Palette.shade(palette.hue(0.0, 1.0), 0.65);
    double horizon = height * palette.between(0.5, 0.8);
    fill(new GradientPaint(0, 0, top, 0, (float) horizon, low), 0, 0, width, height);
    if (night) {
      graphics.setColor(Palette.translucent(Color.WHITE, 0.8));
      for (int i = palette.between(10, 40); i > 0; i--) {
        disc(palette.between(0, (double) width), palette.between(0, horizon), 0.7);
      }
    } else {
      for (int i = palette.between(0, 4); i > 0; i--) {
        cloud(palette.between(0, (double) width), palette.between(0, horizon * 0.7));
      }
    }
    Color ground = night ? palette.deep() : palette.hue(0.16, 0.42);
    for (int i = palette.between(0, 3); i > 0; i--) {
      hill(horizon, Palette.shade(ground, 0.12 * i));
    }
    fill(
        new GradientPaint(
            0,
            (float) horizon,
            ground,
            0,
            height,
            Palette.shade(ground, -palette.between(0, 0.45))),
        0,
        horizon,
        width,
        height - horizon);
  }

  private void hill(double horizon, Color color) {
    double middle = palette.between(0, (double) width);
    double half = width * palette.between(0.3, 0.8);
    double rise = height * palette.between(0.08, 0.3);
    Path2D hill = new Path2D.Double();
    hill.moveTo(middle - half, horizon + 1);
    hill.curveTo(
        middle - half / 2,
        horizon - rise,
        middle + half / 2,
        horizon - rise,
        middle + half,
        horizon + 1);
    hill.closePath();
    graphics.setColor(color);
    graphics.fill(hill);
  }

  private void cloud(double x, double y) {
    double size = Math.min(width, height) * palette.between(0.04, 0.09);
    graphics.setColor(Palette.hsb(0.6, palette.between(0, 0.12), palette.between(0.85, 1.0)));
    for (int i = 0; i < 4; i++) {
      disc(
          x + (i - 1.5) * size,
          y - palette.between(0, 0.4) * size,
          size * palette.between(0.6, 1.0));
    }
  }

  private void paper() {
    Color color = palette.chance(0.8) ? palette.pastel() : palette.deep();
    fill(color, 0, 0, width, height);
    graphics.setColor(Palette.shade(color, palette.chance(0.5) ? 0.25 : -0.12));
    double step = palette.between(18, 60.0);
    double thick = step * palette.between(0.15, 0.5);
    switch (palette.between(0, 4)) {
      case 0 -> {
        for (double x = 0; x < width; x += step) {
          graphics.fill(new Rectangle2D.Double(x, 0, thick, height));
        }
      }
      case 1 -> {
        for (double x = 0; x < width + step; x += step) {
          for (double y = 0; y < height + step; y += step) {
            disc(x, y, thick / 2);
          }
        }
      }
      case 2 -> {
        for (double y = 0; y < height; y += step) {
          graphics.fill(new Rectangle2D.Double(0, y, width, thick));
        }
      }
      default -> {
        // Plain.
      }
    }
  }

  private void lights() {
    Color top = palette.chance(0.5) ? palette.deep() : palette.pastel();
    Color low = Palette.shade(top, palette.between(-0.4, 0.3));
    fill(new GradientPaint(0, 0, top, width, height, low), 0, 0, width, height);
    for (int i = palette.between(6, 18); i > 0; i--) {
      graphics.setColor(Palette.translucent(palette.vivid(), palette.between(0.08, 0.35)));
      disc(
          palette.between(0, (double) width),
          palette.between(0, (double) height),
          Math.min(width, height) * palette.between(0.03, 0.14));
    }
  }

  private void room() {
    Color wall = palette.pastel();
    Color floor = palette.wood();
    double edge = height * palette.between(0.6, 0.88);
    fill(
        new GradientPaint(0, 0, wall, width, (float) edge, Palette.shade(wall, -0.15)),
        0,
        0,
        width,
        edge);
    fill(floor, 0, edge, width, height - edge);
    fill(Palette.shade(wall, 0.4), 0, edge - height * 0.02, width, height * 0.02);
    graphics.setColor(Palette.shade(floor, -0.2));
    for (double y = edge; y < height; y += height * 0.05) {
      graphics.fill(new Rectangle2D.Double(0, y, width, 1));
    }
  }

  /** Sky and water, with a low sun if that is the subject, otherwise sometimes a pale, high one. */
  private void sea(boolean withSun) {
    double horizon = height * palette.between(0.45, 0.72);
    boolean dusk = palette.chance(withSun ? 0.75 : 0.3);
    Color top = dusk ? palette.hue(0.6, 0.95) : palette.hue(0.5, 0.62);
    Color low = dusk ? palette.hue(0.02, 0.13) : Palette.shade(top, 0.6);
    fill(new GradientPaint(0, 0, top, 0, (float) horizon, low), 0, 0, width, horizon);
    for (int i = palette.between(0, 4); i > 0; i--) {
      cloud(palette.between(0, (double) width), palette.between(0, horizon * 0.8));
    }
    double radius = Math.min(width, height) * palette.between(0.07, 0.2);
    double x = width / 2.0 + palette.between(-0.3, 0.3) * Math.min(width, height);
    Color sun =
        Palette.hsb(
            dusk ? palette.between(0.02, 0.15) : palette.between(0.1, 0.16),
            palette.between(0.3, dusk ? 0.7 : 0.5),
            1);
    if (withSun) {
      double y = horizon - radius * palette.between(-0.2, 1.6);
      for (int i = 5; i > 0; i--) {
        graphics.setColor(Palette.translucent(sun, 0.1));
        disc(x, y, radius * (1 + 0.25 * i));
      }
      graphics.setColor(sun);
      disc(x, y, radius);
    } else if (palette.chance(0.3)) {
      graphics.setColor(Palette.translucent(Palette.shade(sun, 0.6), 0.7));
      disc(x, radius + height * 0.05, radius * 0.6);
    }
    Color water = palette.hue(0.48, 0.66);
    fill(
        new GradientPaint(
            0, (float) horizon, Palette.shade(water, 0.3), 0, height, Palette.shade(water, -0.45)),
        0,
        horizon,
        width,
        height - horizon);
    for (double y = horizon + 2; y < height; y += 3 + (y - horizon) * 0.09) {
      double depth = (y - horizon) / (height - horizon);
      graphics.setColor(Palette.translucent(Color.WHITE, 0.2));
      for (int i = 0; i < 3; i++) {
        double length = width * palette.between(0.02, 0.12);
        ellipse(palette.between(0, (double) width), y, length, 0.6 + depth);
      }
      if (withSun) {
        graphics.setColor(Palette.translucent(sun, 0.75 - 0.4 * depth));
        double length = radius * palette.between(0.4, 1.1) * (1 + depth * 0.4);
        ellipse(x + radius * palette.between(-0.2, 0.2), y, length, 1 + 1.6 * depth);
      }
    }
  }

  private void clutter(int things, double size) {
    double unit = Math.min(width, height) * size;
    for (int i = 0; i < things; i++) {
      graphics.setColor(Palette.translucent(palette.vivid(), palette.between(0.4, 0.9)));
      AffineTransform before = graphics.getTransform();
      graphics.translate(palette.between(0, (double) width), palette.between(0, (double) height));
      graphics.rotate(palette.between(0, Math.PI));
      double length = unit * palette.between(0.4, 1.4);
      switch (palette.between(0, 4)) {
        case 0 -> disc(0, 0, length * 0.7);
        case 1 -> graphics.fill(new Rectangle2D.Double(-length / 2, -length / 2, length, length));
        case 2 -> graphics.fill(new Rectangle2D.Double(-length, -1.5, 2 * length, 3));
        default -> {
          Path2D triangle = new Path2D.Double();
          triangle.moveTo(0, -length);
          triangle.lineTo(length, length * 0.7);
          triangle.lineTo(-length, length * 0.7);
          triangle.closePath();
          graphics.fill(triangle);
        }
      }
      graphics.setTransform(before);
    }
  }

  /** Tints the whole picture lighter or darker. */
  private void light() {
    Color tint = palette.chance(0.5) ? Color.WHITE : palette.deep();
    fill(
        new GradientPaint(
            palette.between(0, width),
            0,
            Palette.translucent(tint, palette.between(0, 0.22)),
            palette.between(0, width),
            height,
            Palette.translucent(tint, 0)),
        0,
        0,
        width,
        height);
  }

  private void fill(Paint paint, double x, double y, double w, double h) {
    graphics.setPaint(paint);
    graphics.fill(new Rectangle2D.Double(x, y, w, h));
  }

  private void disc(double x, double y, double radius) {
    ellipse(x, y, radius, radius);
  }

  private void ellipse(double x, double y, double radiusX, double radiusY) {
    graphics.fill(new Ellipse2D.Double(x - radiusX, y - radiusY, 2 * radiusX, 2 * radiusY));
  }
}
