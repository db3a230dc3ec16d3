package io.tagstream.model.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.IntBinaryOperator;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebpFileTest {
  private static final int WIDTH = 12;
  private static final int HEIGHT = 10;
  private static final int CANVAS_WIDTH = 20;
  private static final int CANVAS_HEIGHT = 16;
  private static final int WHITE = 0xffffff;
  private static final int COLOR = 0x204060;

  /** One green pixel: no transforms, no cache, and five codes of one symbol each. */
  @Test
  void aFileShorterThanWhatTheCodecLooksAtIsRead() throws Exception {
    String hex = "52494646 14000000 57454250 5650384c 08000000 2f000000 00c88808";

    assertThat(picture(HexFormat.of().parseHex(hex.replace(" ", "")))).containsExactly(0x000100);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theFirstFrameOfAnAnimationLiesOnWhite(boolean lossy) throws Exception {
    // The lower half is transparent.
    IntBinaryOperator argb = (x, y) -> (y < HEIGHT / 2 ? 0xff000000 : 0) | COLOR;
    byte[] first = encode(argb, lossy);
    byte[] second = encode((x, y) -> 0xff00ff00, lossy);
    byte[] webp = animation(frame(4, 2, first), frame(0, 0, second));

    int[] pixels = picture(webp);

    assertThat(pixels).hasSize(CANVAS_WIDTH * CANVAS_HEIGHT);
    for (int y = 0; y < CANVAS_HEIGHT; y++) {
      for (int x = 0; x < CANVAS_WIDTH; x++) {
        boolean inside = x >= 4 && x < 4 + WIDTH && y >= 2 && y < 2 + HEIGHT / 2;
        int pixel = pixels[y * CANVAS_WIDTH + x];
        for (int shift = 0; shift < 24; shift += 8) {
          assertThat(pixel >> shift & 0xff)
              .as("%d, %d", x, y)
              .isBetween(
                  ((inside ? COLOR : WHITE) >> shift & 0xff) - (lossy ? 6 : 0),
                  Math.min(255, ((inside ? COLOR : WHITE) >> shift & 0xff) + (lossy ? 6 : 0)));
        }
      }
    }
  }

  @Test
  void aFrameThatFillsItsCanvasIsThePicture() throws Exception {
    byte[] frame = encode((x, y) -> 0xff000000 | x << 16 | y << 8, false);
    byte[] webp =
        extended(
            0x02, WIDTH, HEIGHT, chunk("ANIM", new byte[6]), chunk("ANMF", frame(0, 0, frame)));

    assertThat(picture(webp)[3 * WIDTH + 7]).isEqualTo(7 << 16 | 3 << 8);
  }

  @Test
  void aStillPictureMayHaveAnyChunksAroundIt() throws Exception {
    IntBinaryOperator argb = (x, y) -> (x < 6 ? 0xff000000 : 0) | COLOR;
    byte[] lossless = encode(argb, false);
    byte[] lossy = encode(argb, true);
    byte[] noise = new byte[13];

    for (byte[] webp : List.of(lossless, lossy)) {
      byte[] chunks = chunks(webp);
      int[] pixels =
          picture(
              extended(
                  0x3c,
                  WIDTH,
                  HEIGHT,
                  chunk("ICCP", noise),
                  chunk("abcd", noise),
                  chunks,
                  chunk("XMP ", noise),
                  chunk("EXIF", noise)));
      assertThat(pixels[WIDTH - 1]).isEqualTo(WHITE);
      assertThat(pixels[0] & 0xff).isBetween(0x60 - 6, 0x60 + 6);
    }
  }

  @Test
  void whatContradictsItselfIsRefused() {
    byte[] frame = encode((x, y) -> 0xff000000, false);
    byte[] lying = frame(0, 0, frame);
    lying[6]++;

    assertThat(refuse(animation(lying)))
        .isEqualTo("broken WEBP: the header declares 13 x 10 pixels, the file holds 12 x 10");
    assertThat(refuse(animation(frame(10, 0, frame))))
        .isEqualTo("broken WEBP: the first frame extends beyond the canvas");
    assertThat(refuse(animation())).isEqualTo("broken WEBP: an animation without a frame");
    assertThat(refuse(animation(Arrays.copyOf(frame(0, 0, frame), 16))))
        .isEqualTo("broken WEBP: no image");
    assertThat(refuse(extended(0, 13, HEIGHT, Arrays.copyOfRange(frame, 12, frame.length))))
        .isEqualTo("broken WEBP: the header declares 13 x 10 pixels, the file holds 12 x 10");
    assertThat(refuse(extended(0, WIDTH, HEIGHT, chunk("ANMF", frame(0, 0, frame)))))
        .isEqualTo("broken WEBP: no image");
  }

  private static String refuse(byte[] webp) {
    try (ImageDecoder decoder = new ImageDecoder(8, 8, Views.CENTER, DecodeLimits.DEFAULT)) {
      return catchThrowableOfType(UnreadableImageException.class, () -> decoder.decode(webp))
          .reason();
    }
  }

  /** The whole image, unscaled, 0xRRGGBB. */
  private static int[] picture(byte[] webp) throws UnreadableImageException {
    ImageHeader header = ImageHeader.read(webp);
    int side = Math.min(header.width(), header.height());
    try (ImageDecoder decoder = new ImageDecoder(side, 1, Views.CENTER, DecodeLimits.DEFAULT)) {
      byte[] rgb = TestPictures.whole(decoder, side, webp).pixels();
      int[] pixels = new int[rgb.length / 3];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] =
            (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | (rgb[3 * i + 2] & 0xff);
      }
      return pixels;
    }
  }

  /** A still image of {@link #WIDTH} x {@link #HEIGHT} with an alpha channel. */
  private static byte[] encode(IntBinaryOperator argb, boolean lossy) {
    ByteBuffer bgra = ByteBuffer.allocate(WIDTH * HEIGHT * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        bgra.putInt(argb.applyAsInt(x, y));
      }
    }
    try (BytePointer pixels = new BytePointer(bgra.array());
        Mat mat = new Mat(HEIGHT, WIDTH, opencv_core.CV_8UC4, pixels)) {
      return TestPictures.encodeOpenCv(
          mat, ".webp", opencv_imgcodecs.IMWRITE_WEBP_QUALITY, lossy ? 100 : 101);
    }
  }

  /** A frame's chunk: its header, then the chunks of a still image. */
  private static byte[] frame(int left, int top, byte[] still) {
    byte[] chunks = chunks(still);
    ByteBuffer frame = ByteBuffer.allocate(16 + chunks.length);
    frame.put(three(left / 2)).put(three(top / 2)).put(three(WIDTH - 1)).put(three(HEIGHT - 1));
    return frame.put(three(100)).put((byte) 0).put(chunks).array();
  }

  /** The chunks of a still image without the VP8X chunk. */
  private static byte[] chunks(byte[] still) {
    boolean extended = new String(still, ISO_8859_1).startsWith("VP8X", 12);
    return Arrays.copyOfRange(still, extended ? 30 : 12, still.length);
  }

  private static byte[] animation(byte[]... frames) {
    byte[][] chunks = new byte[1 + frames.length][];
    chunks[0] = chunk("ANIM", new byte[6]);
    for (int i = 0; i < frames.length; i++) {
      chunks[1 + i] = chunk("ANMF", frames[i]);
    }
    return extended(0x12, CANVAS_WIDTH, CANVAS_HEIGHT, chunks);
  }

  private static byte[] extended(int flags, int width, int height, byte[]... chunks) {
    byte[] all = TestPictures.concat(chunks);
    ByteBuffer file = ByteBuffer.allocate(30 + all.length).order(ByteOrder.LITTLE_ENDIAN);
    file.put("RIFF".getBytes(ISO_8859_1)).putInt(22 + all.length);
    file.put("WEBPVP8X".getBytes(ISO_8859_1)).putInt(10).putInt(flags);
    return file.put(three(width - 1)).put(three(height - 1)).put(all).array();
  }

  private static byte[] chunk(String name, byte[] content) {
    ByteBuffer chunk =
        ByteBuffer.allocate(8 + content.length + (content.length & 1))
            .order(ByteOrder.LITTLE_ENDIAN);
    return chunk.put(name.getBytes(ISO_8859_1)).putInt(content.length).put(content).array();
  }

  private static byte[] three(int number) {
    return new byte[] {(byte) number, (byte) (number >> 8), (byte) (number >> 16)};
  }
}
