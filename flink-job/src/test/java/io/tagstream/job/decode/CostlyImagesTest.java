package io.tagstream.job.decode;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.DataSize;
import io.tagstream.settings.ImageSettings;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

/** An image whose decode exceeds a limit is rejected, and the stream continues. */
class CostlyImagesTest {
  private static final Instant APPENDED = Instant.parse("2026-01-02T03:04:05Z");
  private static final WireFormat<Image> FORMAT = WireFormat.of(Image.class);

  @Test
  void rejectsAnImageOverTheMemoryLimit() throws Exception {
    String reason = reject(png(3_000), DataSize.ofMebibytes(16), Duration.ofMinutes(1));

    assertThat(reason)
        .matches(
            "decoding the PNG's 3000 x 3000 pixels takes \\d+ bytes, over image.memory 16777216");
  }

  @Test
  void rejectsAnImageOverTheDecodeTimeout() throws Exception {
    String reason = reject(png(6_000), DataSize.ofMebibytes(1024), Duration.ofMillis(200));

    assertThat(reason)
        .isEqualTo(
            "decoding the PNG's 6000 x 6000 pixels took longer than image.decode-timeout 200 ms");
  }

  /** Returns the reason of the rejection; small images before and after it are decoded. */
  private static String reject(byte[] costly, DataSize memory, Duration timeout) throws Exception {
    ImageSettings limits = new ImageSettings(DataSize.ofMebibytes(20), 64_000_000, memory, timeout);
    DecodeOperator operator =
        new DecodeOperator(
            new CropGeometry(32, 24), 1, limits, new Topics(""), NotePlace.nowhere());
    OneInputStreamOperatorTestHarness<IncomingRecord, DecodedImage> harness =
        new OneInputStreamOperatorTestHarness<>(new ProcessOperator<>(operator));
    try {
      harness.open();
      harness.processElement(record(1, png(40)));
      harness.processElement(record(2, costly));
      harness.processElement(record(3, png(50)));

      assertThat(harness.extractOutputValues())
          .extracting(image -> image.source.offset())
          .containsExactly(1L, 3L);
      assertThat(harness.getSideOutput(DecodeOperator.REJECTED)).hasSize(1);
      RejectedImage rejected = harness.getSideOutput(DecodeOperator.REJECTED).element().getValue();
      assertThat(rejected.source.offset()).isEqualTo(2);
      assertThat(rejected.stage).isEqualTo(RejectionStage.LIMIT);
      return rejected.reason;
    } finally {
      harness.close();
    }
  }

  private static StreamRecord<IncomingRecord> record(long offset, byte[] content) throws Exception {
    Image image =
        Image.newBuilder()
            .setId("image " + offset)
            .setAttributes(Map.of())
            .setContent(ByteBuffer.wrap(content))
            .build();
    return new StreamRecord<>(
        new IncomingRecord(
            new Coordinates("images", 0, offset), APPENDED, true, FORMAT.encode(image)),
        APPENDED.toEpochMilli());
  }

  /** A PNG with an alpha channel, all zeros; decoding takes seven bytes per pixel. */
  private static byte[] png(int side) throws Exception {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(data)) {
      byte[] row = new byte[1 + 4 * side];
      for (int y = 0; y < side; y++) {
        deflater.write(row);
      }
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    png.writeBytes("\u0089PNG\r\n\u001a\n".getBytes(ISO_8859_1));
    byte[] header = {8, 6, 0, 0, 0};
    png.writeBytes(
        chunk("IHDR", ByteBuffer.allocate(13).putInt(side).putInt(side).put(header).array()));
    png.writeBytes(chunk("IDAT", data.toByteArray()));
    png.writeBytes(chunk("IEND", new byte[0]));
    return png.toByteArray();
  }

  private static byte[] chunk(String type, byte[] content) {
    ByteBuffer chunk = ByteBuffer.allocate(12 + content.length);
    chunk.putInt(content.length).put(type.getBytes(ISO_8859_1)).put(content);
    CRC32 checksum = new CRC32();
    checksum.update(chunk.array(), 4, 4 + content.length);
    return chunk.putInt((int) checksum.getValue()).array();
  }
}
