package io.tagstream.producers.drawn;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Arc2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.RoundRectangle2D;

/** Draws in a square from -1 to 1, y downwards, and maps it to a place and size on the picture. */
final class Pen {

  private final Graphics2D graphics;
  private final Palette palette;

  Pen(Graphics2D graphics, Palette palette) {
    this.graphics = graphics;
    this.palette = palette;
  }

  Palette palette() {
    return palette;
  }

  /** Fills with a colour that becomes slightly darker downwards. */
  void fill(Shape shape, Color color) {
    double top = shape.getBounds2D().getMinY();
    double low = shape.getBounds2D().getMaxY();
    graphics.setPaint(
        new GradientPaint(
            0,
            (float) top,
            Palette.shade(color, 0.12),
            0,
            (float) Math.max(low, top + 0.01),
            Palette.shade(color, -0.15)));
    graphics.fill(shape);
  }

  void fillFlat(Shape shape, Color color) {
    graphics.setColor(color);
    graphics.fill(shape);
  }

  void stroke(Shape shape, Color color, double thickness) {
    graphics.setColor(color);
    graphics.setStroke(
        new BasicStroke((float) thickness, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    graphics.draw(shape);
  }

  void line(double x1, double y1, double x2, double y2, Color color, double thickness) {
    stroke(new Line2D.Double(x1, y1, x2, y2), color, thickness);
  }

  /** Draws rotated about a point, by an angle in radians. */
  void turned(double x, double y, double angle, Runnable drawing) {
    AffineTransform before = graphics.getTransform();
    graphics.translate(x, y);
    graphics.rotate(angle);
    drawing.run();
    graphics.setTransform(before);
  }

  static Shape ellipse(double x, double y, double radiusX, double radiusY) {
    return new Ellipse2D.Double(x - radiusX, y - radiusY, 2 * radiusX, 2 * radiusY);
  }

  static Shape disc(double x, double y, double radius) {
    return ellipse(x, y, radius, radius);
  }

  static Shape box(double left, double top, double right, double bottom, double roundness) {
    return new RoundRectangle2D.Double(left, top, right - left, bottom - top, roundness, roundness);
  }

  static Shape arc(double x, double y, double rx, double ry, double start, double extent) {
    return new Arc2D.Double(x - rx, y - ry, 2 * rx, 2 * ry, start, extent, Arc2D.OPEN);
  }

  /** A closed polygon of x, y, x, y, … */
  static Path2D polygon(double... points) {
    Path2D path = new Path2D.Double();
    path.moveTo(points[0], points[1]);
    for (int i = 2; i < points.length; i += 2) {
      path.lineTo(points[i], points[i + 1]);
    }
    path.closePath();
    return path;
  }
}
