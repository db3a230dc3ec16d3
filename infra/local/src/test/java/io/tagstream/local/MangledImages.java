package io.tagstream.local;

import io.tagstream.producers.drawn.DrawnScenes;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.ImageIO;

/**
 * Malformed image files, determined by a number: flipped bits, cut, inserted and zeroed bytes,
 * headers of one format on the body of another, false sizes, decompression bombs, and files in two
 * formats at once. Some of them can still be decoded.
 */
final class MangledImages {
  private static final int KINDS = 12;

  /** Share of bombs; a bomb is valid and takes as long as a hundred images. */
  private static final int ONE_BOMB_IN = 500;

  private static final int SCENES = 8;
  private static final List<String> FORMATS = List.of("jpg", "png", "gif", "bmp", "tif");

  private final List<byte[]> whole = new ArrayList<>();

  MangledImages() {
    DrawnScenes scenes = new DrawnScenes(7);
    for (int number = 0; number < SCENES; number++) {
      byte[] jpeg = new byte[scenes.scene(number).jpeg().remaining()];
      scenes.scene(number).jpeg().get(jpeg);
      for (String format : FORMATS) {
        whole.add(encode(decode(jpeg), format));
      }
    }
  }

  byte[] image(int number) {
    Random random = new Random(number);
    if (number % ONE_BOMB_IN == 0) {
      return bomb(random);
    }
    byte[] base = any(random);
    return switch (number % KINDS) {
      case 0, 1 -> flipped(base, random);
      case 2 -> Arrays.copyOf(base, random.nextInt(base.length));
      case 3 -> spliced(base, any(random), random);
      case 4 -> withOtherNumbers(base, random);
      case 5 -> inserted(base, random);
      case 6 -> zeroed(base, random);
      case 7 -> joined(base, text(random));
      case 8 -> joined(text(random), base);
      case 9 -> noise(base, random);
      case 10 -> text(random);
      default -> repeated(base, random);
    };
  }

  private byte[] any(Random random) {
    return whole.get(random.nextInt(whole.size()));
  }

  private static byte[] flipped(byte[] base, Random random) {
    byte[] broken = base.clone();
    for (int flip = random.nextInt(20); flip >= 0; flip--) {
      broken[random.nextInt(broken.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return broken;
  }

  private static byte[] spliced(byte[] head, byte[] body, Random random) {
    int cut = 4 + random.nextInt(Math.min(head.length, body.length) - 4);
    return joined(Arrays.copyOf(head, cut), Arrays.copyOfRange(body, cut, body.length));
  }

  /** Changes the first bytes, where most formats have sizes, counts and offsets. */
  private static byte[] withOtherNumbers(byte[] base, Random random) {
    byte[] broken = base.clone();
    int[] values = {0, 1, 0x7f, 0x80, 0xff};
    for (int change = random.nextInt(4); change >= 0; change--) {
      int from = random.nextInt(Math.min(64, broken.length - 4));
      byte value = (byte) values[random.nextInt(values.length)];
      Arrays.fill(broken, from, from + 1 + random.nextInt(4), value);
    }
    boolean png = broken[1] == 'P' && broken[2] == 'N';
    return png ? withChecksum(broken) : broken;
  }

  /** Corrects the checksums, so that a PNG is not refused before its numbers are read. */
  private static byte[] withChecksum(byte[] png) {
    CRC32 checksum = new CRC32();
    checksum.update(png, 12, 17);
    ByteBuffer.wrap(png).putInt(29, (int) checksum.getValue());
    return png;
  }

  private static byte[] inserted(byte[] base, Random random) {
    int at = random.nextInt(base.length);
    byte[] run = new byte[1 + random.nextInt(2000)];
    random.nextBytes(run);
    return joined(joined(Arrays.copyOf(base, at), run), Arrays.copyOfRange(base, at, base.length));
  }

  private static byte[] zeroed(byte[] base, Random random) {
    byte[] broken = base.clone();
    int from = random.nextInt(broken.length);
    Arrays.fill(broken, from, Math.min(broken.length, from + 1 + random.nextInt(4000)), (byte) 0);
    return broken;
  }

  private static byte[] noise(byte[] base, Random random) {
    byte[] broken = new byte[random.nextInt(20_000) + 16];
    random.nextBytes(broken);
    System.arraycopy(base, 0, broken, 0, 12);
    return broken;
  }

  private static byte[] text(Random random) {
    String[] texts = {
      "",
      "\0",
      "<html><body>not found</body></html>",
      "{\"error\": 404}",
      "%PDF-1.7\n%%EOF",
      "PK\003\004 a zip file",
      "<svg xmlns='http://www.w3.org/2000/svg'/>",
      "GIF89a",
      "RIFF\0\0\0\0WEBPVP8 ",
      "\0\0\0\030ftypheic"
    };
    return texts[random.nextInt(texts.length)].getBytes(StandardCharsets.ISO_8859_1);
  }

  /**
   * Repeats a piece of the file many times, which gives endless segments, chunks or directories.
   */
  private static byte[] repeated(byte[] base, Random random) {
    int from = random.nextInt(Math.min(200, base.length - 40));
    byte[] piece = Arrays.copyOfRange(base, from, from + 2 + random.nextInt(38));
    ByteArrayOutputStream broken = new ByteArrayOutputStream();
    broken.write(base, 0, from);
    for (int times = 50 + random.nextInt(3000); times > 0; times--) {
      broken.write(piece, 0, piece.length);
    }
    broken.write(base, from, base.length - from);
    return broken.toByteArray();
  }

  /** A PNG of zeros: some kilobytes for up to 100 megapixels of up to eight bytes each. */
  private static byte[] bomb(Random random) {
    int side = 1000 + random.nextInt(9000);
    int depth = random.nextBoolean() ? 8 : 16;
    int colorType = random.nextBoolean() ? 6 : 0;
    long row = 1 + (long) side * (colorType == 6 ? 4 : 1) * depth / 8;
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    png.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
    chunk(
        png,
        "IHDR",
        ByteBuffer.allocate(13)
            .putInt(side)
            .putInt(side)
            .put((byte) depth)
            .put((byte) colorType)
            .array());
    chunk(png, "IDAT", deflatedZeros(row * side));
    chunk(png, "IEND", new byte[0]);
    return png.toByteArray();
  }

  private static byte[] deflatedZeros(long length) {
    Deflater deflater = new Deflater(1);
    byte[] zeros = new byte[1 << 20];
    byte[] out = new byte[1 << 16];
    ByteArrayOutputStream deflated = new ByteArrayOutputStream();
    for (long left = length; left > 0 || !deflater.finished(); ) {
      if (deflater.needsInput() && left > 0) {
        deflater.setInput(zeros, 0, (int) Math.min(left, zeros.length));
        left -= Math.min(left, zeros.length);
        if (left == 0) {
          deflater.finish();
        }
      }
      deflated.write(out, 0, deflater.deflate(out));
    }
    deflater.end();
    return deflated.toByteArray();
  }

  private static void chunk(ByteArrayOutputStream png, String type, byte[] data) {
    byte[] body = joined(type.getBytes(StandardCharsets.US_ASCII), data);
    CRC32 checksum = new CRC32();
    checksum.update(body);
    png.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
    png.writeBytes(body);
    png.writeBytes(ByteBuffer.allocate(4).putInt((int) checksum.getValue()).array());
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  private static BufferedImage decode(byte[] jpeg) {
    try {
      return ImageIO.read(new ByteArrayInputStream(jpeg));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] encode(BufferedImage image, String format) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(image, format, bytes)) {
        throw new IllegalStateException("no writer for " + format);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
