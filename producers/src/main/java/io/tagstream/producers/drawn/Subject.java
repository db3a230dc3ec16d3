package io.tagstream.producers.drawn;

import java.awt.Color;
import java.awt.geom.Path2D;

/** The ten kinds of scenes. Each draws itself into a square from -1 to 1. */
enum Subject {
  BOAT(Place.SEA, 10) {
    @Override
    void draw(Pen pen) {
      Palette palette = pen.palette();
      Color hull = palette.vivid();
      double deck = palette.between(0.35, 0.5);
      if (palette.chance(0.6)) {
        double mast = palette.between(-0.15, 0.15);
        pen.line(mast, -0.95, mast, deck, palette.wood(), 0.05);
        Color sail = palette.chance(0.5) ? palette.pastel() : palette.vivid();
        pen.fill(sail(mast + 0.05, -0.9, palette.between(0.55, 0.8), deck - 0.08), sail);
        if (palette.chance(0.7)) {
          pen.fill(
              sail(mast - 0.05, -0.7, -palette.between(0.4, 0.65), deck - 0.08),
              Palette.shade(sail, 0.3));
        }
        pen.fill(Pen.polygon(mast, -0.97, mast + 0.2, -0.9, mast, -0.83), palette.vivid());
      } else {
        Color cabin = palette.pastel();
        pen.fill(Pen.box(-0.45, deck - 0.45, 0.4, deck + 0.05, 0.05), cabin);
        pen.fill(Pen.box(-0.3, deck - 0.75, 0.2, deck - 0.42, 0.05), Palette.shade(cabin, -0.1));
        pen.fill(Pen.box(-0.15, deck - 1.15, 0.07, deck - 0.75, 0.02), palette.vivid());
        for (double x = -0.35; x < 0.35; x += 0.2) {
          pen.fillFlat(Pen.disc(x, deck - 0.2, 0.06), palette.deep());
        }
      }
      Path2D body = new Path2D.Double();
      body.moveTo(-0.95, deck - 0.05);
      body.lineTo(0.98, deck - 0.12);
      body.curveTo(0.85, 0.75, 0.7, 0.85, 0.55, 0.85);
      body.lineTo(-0.6, 0.85);
      body.curveTo(-0.8, 0.8, -0.9, 0.6, -0.95, deck - 0.05);
      body.closePath();
      pen.fill(body, hull);
      pen.line(-0.9, deck + 0.08, 0.9, deck + 0.02, Palette.shade(hull, 0.6), 0.04);
      for (double y = 0.78; y < 1.0; y += 0.08) {
        pen.stroke(
            Pen.arc(palette.between(-0.3, 0.3), y, 0.9, 0.05, 180, 180),
            Palette.translucent(Color.WHITE, 0.7),
            0.03);
      }
    }

    private Path2D sail(double mast, double top, double reach, double foot) {
      Path2D sail = new Path2D.Double();
      sail.moveTo(mast, top);
      sail.quadTo(mast + reach * 0.8, (top + foot) / 2, mast + reach, foot);
      sail.lineTo(mast, foot);
      sail.closePath();
      return sail;
    }
  },

  CAR(Place.OUTDOORS, 10) {
    @Override
    void draw(Pen pen) {
      Palette palette = pen.palette();
      Color paint = palette.vivid();
      Color glass = palette.chance(0.7) ? new Color(0xBFE3F2) : palette.deep();
      double roof = -palette.between(0.3, 0.55);
      double front = palette.between(0.2, 0.5);
      double back = palette.chance(0.4) ? -0.9 : -palette.between(0.4, 0.65);
      pen.fillFlat(Pen.ellipse(0, 0.62, 1.0, 0.08), Palette.translucent(Color.BLACK, 0.3));
      pen.fill(
          Pen.polygon(back - 0.05, 0.08, back + 0.08, roof, front - 0.12, roof, front + 0.2, 0.08),
          paint);
      double post = (back + front) / 2;
      pen.fillFlat(
          Pen.polygon(
              back + 0.06,
              0.03,
              back + 0.14,
              roof + 0.07,
              post - 0.03,
              roof + 0.07,
              post - 0.03,
              0.03),
          glass);
      pen.fillFlat(
          Pen.polygon(
              post + 0.03,
              0.03,
              post + 0.03,
              roof + 0.07,
              front - 0.15,
              roof + 0.07,
              front + 0.08,
              0.03),
          glass);
      pen.fill(Pen.box(-0.98, 0.0, 0.98, 0.45, 0.25), paint);
      pen.line(post, 0.05, post, 0.4, Palette.shade(paint, -0.35), 0.015);
      pen.line(post + 0.08, 0.14, post + 0.18, 0.14, Palette.shade(paint, -0.5), 0.03);
      pen.fillFlat(Pen.ellipse(0.9, 0.15, 0.07, 0.08), new Color(0xFFF2B0));
      pen.fillFlat(Pen.box(-0.97, 0.1, -0.88, 0.22, 0.03), new Color(0xD0342C));
      pen.fillFlat(Pen.box(-1.0, 0.36, 1.0, 0.44, 0.06), new Color(0x50555C));
      double radius = palette.between(0.19, 0.26);
      for (double x : new double[] {-0.58, 0.56}) {
        pen.fillFlat(Pen.disc(x, 0.43, radius), new Color(0x23262B));
        pen.fill(Pen.disc(x, 0.43, radius * 0.55), new Color(0xB9BEC6));
        pen.fillFlat(Pen.disc(x, 0.43, radius * 0.18), new Color(0x50555C));
      }
    }
  },

  FACE(Place.ANYWHERE, 18) {
    @Override
    void draw(Pen pen) {
      Palette palette = pen.palette();
      Color skin = palette.skin();
      Color hair = palette.chance(0.6) ? Palette.shade(palette.wood(), -0.3) : palette.vivid();
      double broad = palette.between(0.62, 0.78);
      boolean longHair = palette.chance(0.4);
      if (longHair) {
        pen.fill(Pen.box(-broad - 0.12, -0.75, broad + 0.12, 0.8, 0.9), hair);
      }
      pen.fill(Pen.disc(-broad, 0.05, 0.14), Palette.shade(skin, -0.08));
      pen.fill(Pen.disc(broad, 0.05, 0.14), Palette.shade(skin, -0.08));
      pen.fill(Pen.ellipse(0, 0.05, broad, 0.85), skin);
      if (longHair || palette.chance(0.7)) {
        Path2D fringe = new Path2D.Double();
        fringe.moveTo(-broad - 0.04, -0.1);
        fringe.curveTo(-broad, -1.1, broad, -1.1, broad + 0.04, -0.1);
        fringe.quadTo(
            palette.between(0, broad),
            -palette.between(0.45, 0.65),
            palette.between(-0.3, 0.3),
            -0.45);
        fringe.quadTo(-broad * 0.7, -0.55, -broad - 0.04, -0.1);
        fringe.closePath();
        pen.fill(fringe, hair);
      }
      double apart = palette.between(0.24, 0.32);
      double open = palette.between(0.05, 0.12);
      Color iris = palette.chance(0.5) ? palette.deep() : palette.hue(0.3, 0.65);
      Color brow = Palette.shade(hair, -0.35);
      double frown = palette.between(-0.06, 0.06);
      for (double x : new double[] {-apart, apart}) {
        pen.fillFlat(Pen.ellipse(x, -0.1, 0.13, open), Color.WHITE);
        pen.fillFlat(Pen.disc(x, -0.1, Math.min(open, 0.075)), iris);
        pen.fillFlat(Pen.disc(x, -0.1, Math.min(open, 0.075) * 0.5), Color.BLACK);
        double side = Math.signum(x);
        pen.line(x - 0.13 * side, -0.28 + frown, x + 0.13 * side, -0.28 - frown, brow, 0.045);
      }
      if (palette.chance(0.3)) {
        Color frame = palette.deep();
        pen.stroke(Pen.disc(-apart, -0.1, 0.2), frame, 0.035);
        pen.stroke(Pen.disc(apart, -0.1, 0.2), frame, 0.035);
        pen.line(-apart + 0.2, -0.1, apart - 0.2, -0.1, frame, 0.035);
      }
      pen.stroke(Pen.arc(0, 0.12, 0.09, 0.07, 200, 140), Palette.shade(skin, -0.35), 0.035);
      Color lips = Palette.shade(palette.hue(0.95, 1.02), -0.2);
      switch (palette.between(0, 3)) {
        case 0 -> pen.stroke(Pen.arc(0, 0.3, 0.32, 0.24, 200, 140), lips, 0.06);
        case 1 -> pen.fill(Pen.ellipse(0, 0.48, palette.between(0.12, 0.3), 0.12), lips);
        default -> {
          pen.fillFlat(Pen.arc(0, 0.34, 0.32, 0.28, 180, 180), lips);
          pen.fillFlat(Pen.box(-0.24, 0.345, 0.24, 0.42, 0.03), Color.WHITE);
        }
      }
      Color blush = Palette.translucent(new Color(0xFF6B6B), 0.25);
      pen.fillFlat(Pen.disc(-0.42, 0.22, 0.13), blush);
      pen.fillFlat(Pen.disc(0.42, 0.22, 0.13), blush);
    }
  },

  FLOWER(Place.ANYWHERE, 25) {
    @Override
    void draw(Pen pen) {
      Palette palette = pen.palette();
      Color green = palette.hue(0.22, 0.4);
      Path2D stem = new Path2D.Double();
      stem.moveTo(0, -0.3);
      stem.quadTo(palette.between(-0.25, 0.25), 0.3, palette.between(-0.15, 0.15), 1.0);
      pen.stroke(stem, green, 0.07);
      for (int side = -1; side <= 1; side += 2) {
        double y = palette.between(0.35, 0.75);
        double angle = side * palette.between(0.3, 0.8);
        int reach = side;
        pen.turned(0, y, angle, () -> pen.fill(Pen.ellipse(reach * 0.28, 0, 0.28, 0.1), green));
      }
      int petals = palette.between(5, 13);
      Color color = palette.vivid();
      double length = palette.between(0.3, 0.36);
      double breadth = Math.min(0.24, 1.1 / petals * palette.between(0.8, 1.3));
      double start = palette.between(0, 1.0);
      for (int layer = 0; layer < 2; layer++) {
        double size = 1 - 0.3 * layer;
        Color shade = Palette.shade(color, 0.3 * layer);
        for (int i = 0; i < petals; i++) {
          double angle = 2 * Math.PI * (i + start + 0.5 * layer) / petals;
          pen.turned(
              0,
              -0.35,
              angle,
              () -> pen.fill(Pen.ellipse(length * size, 0, length * size, breadth * size), shade));
        }
      }
      Color heart = palette.chance(0.6) ? palette.hue(0.1, 0.16) : palette.deep();
      pen.fill(Pen.disc(0, -0.35, palette.between(0.14, 0.22)), heart);
    }
  },

  HOUSE(Place.OUTDOORS, 8) {
    @Override
    void draw(Pen pen) {
      Palette palette = pen.palette();
      Color wall = palette.chance(0.6) ? palette.pastel() : palette.vivid();
      Color roof = palette.chance(0.6) ? palette.hue(0.0, 0.08) : palette.deep();
      double half = palette.between(0.55, 0.82);
      double eaves = palette.between(-0.25, 0.05);
      double ridge = palette.chance(0.6) ? 0.0 : half * 0.5;
      if (palette.chance(0.7)) {
        double x = palette.between(0.2, 0.4);
        pen.fill(Pen.box(x, -0.85, x + 0.16, eaves, 0.01), Palette.shade(roof, -0.3));
        if (palette.chance(0.5)) {
          for (int i = 0; i < 3; i++) {
            pen.fillFlat(
                Pen.disc(x + 0.1 + 0.1 * i, -0.92 - 0.03 * i, 0.07 + 0.02 * i),
                Palette.translucent(Color.WHITE, 0.6));
          }
        }
      }
      pen.fill(Pen.box(-half, eaves, half, 0.9, 0.01), wall);
      pen.fill(
          Pen.polygon(
              -half - 0.16, eaves + 0.02, -ridge, -0.88, ridge, -0.88, half + 0.16, eaves + 0.02),
          roof);
      double door = palette.between(-0.4, 0.2);
      Color wood = palette.chance(0.5) ? palette.wood() : palette.vivid();
      pen.fill(Pen.box(door, 0.35, door + 0.28, 0.9, 0.04), wood);
      pen.fillFlat(Pen.disc(door + 0.22, 0.63, 0.025), new Color(0xF6D55C));
      Color pane = palette.chance(0.5) ? new Color(0xBFE3F2) : new Color(0xFFE08A);
      window(pen, -half + 0.1, eaves + 0.12, pane);
      window(pen, half - 0.36, eaves + 0.12, pane);
      if (door > -0.1) {
        window(pen, -half + 0.1, 0.48, pane);
      } else {
        window(pen, half - 0.36, 0.48, pane);
      }
      if (ridge > 0 && palette.chance(0.6)) {
        window(pen, -0.13, eaves - 0.35, pane);
      }
    }

    private void window(Pen pen, double left, double top, Color pane) {
      pen.fillFlat(Pen.box(left - 0.03, top - 0.03, left + 0.29, top + 0.27, 0.02), Color.WHITE);
      pen.fill(Pen.box(left, top, left + 0.26, top + 0.24, 0.01), pane);
      pen.line(left + 0.13, top, left + 0.13, top + 0.24, Color.WHITE, 0.02);
      pen.line(left, top + 0.12, left + 0.26, top + 0.12, Color.WHITE, 0.02);
    }
  },

  LADDER(Place.ANYWHERE, 28) {
    @Override
    void draw(Pen pen) {
      Palette palette = pen.palette();
      Color rail = palette.chance(0.6) ? palette.wood() : palette.vivid();
      Color shadow = Palette.translucent(Color.BLACK, 0.2);
      double foot = palette.between(0.3, 0.5);
      double head = foot * palette.between(0.6, 1.0);
      double thick = palette.between(0.06, 0.1);
      if (palette.chance(0.3)) {
        // A step ladder: its rear legs.
        pen.line(-head, -0.85, -foot - 0.4, 0.9, Palette.shade(rail, -0.4), thick * 0.8);
        pen.line(head, -0.85, foot + 0.4, 0.9, Palette.shade(rail, -0.4), thick * 0.8);
      }
      pen.line(-foot + 0.06, 0.98, -head + 0.06, -0.92, shadow, thick);
      pen.line(foot + 0.06, 0.98, head + 0.06, -0.92, shadow, thick);
      int rungs = palette.between(5, 10);
      for (int i = 0; i < rungs; i++) {
        double along = (i + 0.6) / rungs;
        double y = 0.95 - 1.9 * along;
        double reach = foot + (head - foot) * along;
        pen.line(-reach, y + 0.03, reach, y + 0.03, shadow, thick * 0.8);
        pen.line(-reach, y, reach, y, Palette.shade(rail, 0.2), thick * 0.8);
      }
      pen.line(-foot, 0.95, -head, -0.95, rail, thick);
      pen.line(foot, 0.95, head, -0.95, rail, thick);
    }
  },

  STAR(Place.ANYWHERE, 36) {
    @Override
    void draw(Pen pen) {
      Palette palette = pen.palette();
      Color color = palette.chance(0.5) ? palette.hue(0.1, 0.17) : palette.vivid();
      double waist = palette.between(0.36, 0.5);
      pen.fillFlat(star(0.05, 0.08, 0.92, waist), Palette.translucent(Color.BLACK, 0.25));
      Path2D star = star(0, 0, 0.92, waist);
      pen.fill(star, color);
      if (palette.chance(0.5)) {
        pen.stroke(star, Palette.shade(color, palette.chance(0.5) ? 0.6 : -0.5), 0.05);
      }
      if (palette.chance(0.4)) {
        pen.fill(star(0, 0, 0.5, waist), Palette.shade(color, 0.45));
      }
      for (int i = palette.between(0, 3); i > 0; i--) {
        double x = palette.between(0.65, 0.95) * (palette.chance(0.5) ? 1 : -1);
        double y = palette.between(-0.95, 0.95);
        pen.fill(star(x, y, palette.between(0.1, 0.2), waist), Palette.shade(color, 0.4));
      }
    }

    private Path2D star(double x, double y, double radius, double waist) {
      double[] points = new double[20];
      for (int i = 0; i < 10; i++) {
        double reach = i % 2 == 0 ? radius : radius * waist;
        double angle = Math.PI * (i / 5.0 - 0.5);
        points[2 * i] = x + reach * Math.cos(angle);
        points[2 * i + 1] = y + reach * Math.sin(angle);
      }
      return Pen.polygon(points);
    }
  },

  SUN_OVER_SEA(Place.SEA, 0) {
    @Override
    void draw(Pen pen) {
      // The backdrop already shows sun and sea; the subject only adds birds.
      Palette palette = pen.palette();
      Color bird = palette.deep();
      for (int i = palette.between(0, 5); i > 0; i--) {
        double x = palette.between(-0.9, 0.9);
        double y = palette.between(-0.9, -0.2);
        double wing = palette.between(0.05, 0.12);
        pen.stroke(Pen.arc(x - wing, y, wing, wing * 0.7, 0, 130), bird, 0.02);
        pen.stroke(Pen.arc(x + wing, y, wing, wing * 0.7, 50, 130), bird, 0.02);
      }
    }
  },

  TREE(Place.OUTDOORS, 8) {
    @Override
    void draw(Pen pen) {
      Palette palette = pen.palette();
      Color bark = palette.wood();
      double trunk = palette.between(0.08, 0.15);
      pen.fill(
          Pen.polygon(-trunk * 1.4, 0.98, -trunk * 0.8, -0.2, trunk * 0.8, -0.2, trunk * 1.4, 0.98),
          bark);
      Color leaves = palette.chance(0.7) ? palette.hue(0.2, 0.42) : palette.hue(0.0, 0.14);
      if (palette.chance(0.35)) {
        for (int i = 0; i < 4; i++) {
          double y = 0.55 - 0.38 * i;
          double half = 0.72 - 0.15 * i;
          pen.fill(Pen.polygon(-half, y, 0, y - 0.62, half, y), Palette.shade(leaves, 0.06 * i));
        }
        return;
      }
      pen.line(0, 0.2, 0.3, -0.15, bark, trunk * 0.7);
      pen.line(0, 0.25, -0.3, -0.1, bark, trunk * 0.7);
      int clumps = palette.between(7, 13);
      for (int i = 0; i < clumps; i++) {
        double angle = 2 * Math.PI * i / clumps;
        double reach = palette.between(0.3, 0.5);
        pen.fill(
            Pen.disc(
                1.1 * reach * Math.cos(angle),
                -0.38 + 0.8 * reach * Math.sin(angle),
                palette.between(0.22, 0.32)),
            Palette.shade(leaves, palette.between(-0.2, 0.15)));
      }
      pen.fill(Pen.ellipse(0, -0.42, 0.4, 0.36), Palette.shade(leaves, 0.12));
      if (palette.chance(0.4)) {
        Color fruit = palette.chance(0.7) ? palette.hue(0.97, 1.05) : palette.vivid();
        for (int i = palette.between(4, 10); i > 0; i--) {
          pen.fill(Pen.disc(palette.between(-0.55, 0.55), palette.between(-0.8, 0.0), 0.06), fruit);
        }
      }
    }
  },

  UMBRELLA(Place.ANYWHERE, 30) {
    @Override
    void draw(Pen pen) {
      Palette palette = pen.palette();
      Color first = palette.vivid();
      Color second = palette.chance(0.6) ? Palette.shade(first, 0.65) : palette.vivid();
      Color handle = palette.chance(0.5) ? palette.wood() : palette.deep();
      double edge = palette.between(-0.05, 0.15);
      pen.line(0, -0.95, 0, 0.75, handle, 0.06);
      pen.stroke(Pen.arc(0.13, 0.78, 0.13, 0.17, 180, 180), handle, 0.07);
      int panels = palette.between(4, 8);
      for (int i = 0; i < panels; i++) {
        double left = -0.95 + 1.9 * i / panels;
        double right = -0.95 + 1.9 * (i + 1) / panels;
        Path2D panel = new Path2D.Double();
        panel.moveTo(0, -0.85);
        panel.quadTo(left * 1.05, -0.75, left, edge);
        panel.quadTo((left + right) / 2, edge - 0.16, right, edge);
        panel.quadTo(right * 1.05, -0.75, 0, -0.85);
        panel.closePath();
        Color color = i % 2 == 0 ? first : second;
        pen.fill(panel, color);
        pen.stroke(panel, Palette.shade(color, -0.2), 0.015);
      }
      if (palette.chance(0.4)) {
        Color rain = Palette.translucent(new Color(0x6FA8DC), 0.8);
        for (int i = palette.between(6, 14); i > 0; i--) {
          double x = palette.between(-1, 1.0);
          double y = palette.between(-1, -0.75);
          pen.line(x, y, x - 0.03, y + 0.14, rain, 0.02);
        }
      }
    }
  };

  /** Backdrops on which a subject may be drawn. */
  enum Place {
    ANYWHERE,
    OUTDOORS,
    SEA
  }

  private final Place place;
  private final double tilt;

  /**
   * @param tilt largest rotation in either direction, in degrees
   */
  Subject(Place place, double tilt) {
    this.place = place;
    this.tilt = tilt;
  }

  Place place() {
    return place;
  }

  double tilt() {
    return tilt;
  }

  abstract void draw(Pen pen);
}
