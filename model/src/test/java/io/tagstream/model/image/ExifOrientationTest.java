package io.tagstream.model.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** For every format with EXIF: a 20 x 12 image that orientation 6 turns to 12 x 20. */
class ExifOrientationTest {
  private static final int WIDTH = 20;
  private static final int HEIGHT = 12;
  private static final int ORIENTATION = 274;
  private static final int MAKE = 271;
  private static final int SHORT = 3;

  /** An entry of a directory: tag, type, count, and four bytes of value or offset. */
  private record Entry(int tag, int type, long count, long value) {}

  @ParameterizedTest
  @CsvSource({
    // An entry before the orientation: its offset or count leads outside the block, or its type is
    // unknown.
    "271, 2, 40, 4000000000",
    "271, 2, 4294967295, 8",
    "271, 12, 536870912, 8",
    "271, 2, 40, 60000",
    "271, 99, 1, 0",
    "271, 0, 0, 0",
    // The orientation itself, with a type that is not a short.
    "274, 7, 1, 8",
    "274, 2, 100000, 8"
  })
  void oneBadEntryDoesNotDiscardTheOrientation(int tag, int type, long count, long value)
      throws Exception {
    assertTurned(
        exif(new Entry(tag, type, count, value), new Entry(ORIENTATION, SHORT, 1, 6)), true);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 1", "4, 1", "6, 1", "8, 1", "9, 1", "3, 2"})
  void anyWholeNumberIsRead(int type, int count) throws Exception {
    assertTurned(exif(new Entry(ORIENTATION, type, count, 6)), true);
  }

  @Test
  void moreEntriesMayBeAnnouncedThanThereAre() throws Exception {
    byte[] exif = exif(new Entry(MAKE, 2, 4, 0), new Entry(ORIENTATION, SHORT, 1, 6));
    ByteBuffer.wrap(exif).order(ByteOrder.LITTLE_ENDIAN).putShort(8, (short) 40);

    assertTurned(exif, true);
  }

  @Test
  void aDirectoryThatEndsWithItsLastEntryIsRead() throws Exception {
    byte[] exif = exif(new Entry(ORIENTATION, SHORT, 1, 6));

    assertTurned(Arrays.copyOf(exif, exif.length - 4), true);
  }

  /** Many chunks of 8 bytes that refer to one large directory must not each cost a pass over it. */
  @Test
  void nothingOutsideOfTheBlockIsRead() throws Exception {
    byte[] outside = exif(new Entry(ORIENTATION, SHORT, 1, 6));
    for (int distance : new int[] {8, 12, 16, 20, 24, 28, 32}) {
      ByteBuffer pointing = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      pointing.put("II*\0".getBytes(ISO_8859_1)).putInt(8 + distance);
      byte[] png = png();
      png = TestPictures.withChunk(png, "prVt", outside);
      png = TestPictures.withChunk(png, "eXIf", pointing.array());
      assertThat(turned(png)).as("png, %d further", distance).isFalse();
      byte[] webp = webp(chunk("EXIF", pointing.array()), chunk("prVt", outside));
      assertThat(turned(webp)).as("webp, %d further", distance).isFalse();
      byte[] jpeg = TestPictures.insert(jpeg(), 2, segment(0xe5, outside));
      jpeg = TestPictures.insert(jpeg, 2, app1(pointing.array()));
      assertThat(turned(jpeg)).as("jpeg, %d further", distance).isFalse();
    }
  }

  @Test
  void theFirstBlockCounts() throws Exception {
    byte[] six = exif(new Entry(ORIENTATION, SHORT, 1, 6));
    byte[] upright = exif(new Entry(ORIENTATION, SHORT, 1, 1));
    for (byte[] first : List.of(upright, new byte[0], new byte[40], "II*\0".getBytes(ISO_8859_1))) {
      byte[] png = TestPictures.withChunk(png(), "eXIf", six);
      assertThat(turned(TestPictures.withChunk(png, "eXIf", first))).isFalse();
      assertThat(turned(webp(chunk("EXIF", first), chunk("EXIF", six)))).isFalse();
      byte[] jpeg = TestPictures.insert(jpeg(), 2, app1(six));
      assertThat(turned(TestPictures.insert(jpeg, 2, app1(first)))).isFalse();
    }
  }

  @Test
  void noWriterHasAsManyEntries() throws Exception {
    Entry[] entries = new Entry[2_000];
    Arrays.fill(entries, new Entry(MAKE, SHORT, 1, 0));
    entries[1_999] = new Entry(ORIENTATION, SHORT, 1, 6);

    assertTurned(exif(entries), false);
  }

  private static void assertTurned(byte[] exif, boolean turned) throws Exception {
    assertThat(turned(TestPictures.withChunk(png(), "eXIf", exif))).as("PNG").isEqualTo(turned);
    assertThat(turned(TestPictures.insert(jpeg(), 2, app1(exif)))).as("JPEG").isEqualTo(turned);
    assertThat(turned(webp(chunk("EXIF", exif)))).as("WebP").isEqualTo(turned);
    byte[] prefixed = TestPictures.concat("Exif\0\0".getBytes(ISO_8859_1), exif);
    assertThat(turned(webp(chunk("EXIF", prefixed)))).as("WebP, prefix").isEqualTo(turned);
  }

  private static boolean turned(byte[] encoded) throws UnreadableImageException {
    try (ImageDecoder decoder = new ImageDecoder(HEIGHT, 1, Views.CENTER, DecodeLimits.DEFAULT)) {
      return TestPictures.whole(decoder, HEIGHT, encoded).height() == WIDTH;
    }
  }

  private static byte[] exif(Entry... entries) {
    ByteBuffer exif =
        ByteBuffer.allocate(8 + 2 + 12 * entries.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    exif.put("II*\0".getBytes(ISO_8859_1)).putInt(8).putShort((short) entries.length);
    for (Entry entry : entries) {
      exif.putShort((short) entry.tag).putShort((short) entry.type);
      exif.putInt((int) entry.count).putInt((int) entry.value);
    }
    return exif.array();
  }

  private static byte[] png() {
    return TestPictures.encode(TestPictures.coordinates(WIDTH, HEIGHT), "png");
  }

  private static byte[] jpeg() {
    return TestPictures.encode(TestPictures.coordinates(WIDTH, HEIGHT), "jpg");
  }

  private static byte[] app1(byte[] exif) {
    return segment(0xe1, TestPictures.concat("Exif\0\0".getBytes(ISO_8859_1), exif));
  }

  private static byte[] segment(int marker, byte[] content) {
    ByteBuffer segment = ByteBuffer.allocate(4 + content.length);
    segment.putShort((short) (0xff00 | marker)).putShort((short) (2 + content.length));
    return segment.put(content).array();
  }

  /** A WebP in the extended form with chunks after its image. */
  private static byte[] webp(byte[]... chunks) {
    byte[] simple = TestPictures.encodeWebp(WIDTH, HEIGHT, (x, y) -> x << 16 | y << 8, false);
    byte[] after = TestPictures.concat(chunks);
    ByteBuffer file =
        ByteBuffer.allocate(simple.length + 18 + after.length).order(ByteOrder.LITTLE_ENDIAN);
    file.put("RIFF".getBytes(ISO_8859_1)).putInt(file.capacity() - 8);
    file.put("WEBPVP8X".getBytes(ISO_8859_1)).putInt(10).putInt(0x08);
    file.put(new byte[] {WIDTH - 1, 0, 0, HEIGHT - 1, 0, 0});
    return file.put(simple, 12, simple.length - 12).put(after).array();
  }

  private static byte[] chunk(String name, byte[] content) {
    ByteArrayOutputStream chunk = new ByteArrayOutputStream();
    chunk.writeBytes(name.getBytes(ISO_8859_1));
    chunk.writeBytes(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(content.length).array());
    chunk.writeBytes(content);
    if (content.length % 2 == 1) {
      chunk.write(0);
    }
    return chunk.toByteArray();
  }
}
