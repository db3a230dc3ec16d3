package io.tagstream.producers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.schemas.Image;
import io.tagstream.schemas.MalformedRecordException;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.DataSize;
import io.tagstream.settings.Progress;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageUploadTest {
  private static final WireFormat<Image> FORMAT = WireFormat.of(Image.class);

  @TempDir Path folder;
  private final StringWriter err = new StringWriter();
  private final MockProducer<byte[], byte[]> broker = broker(true);

  private static MockProducer<byte[], byte[]> broker(boolean acknowledges) {
    return new MockProducer<>(
        acknowledges, null, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @BeforeEach
  void files() throws IOException {
    Files.createDirectories(folder.resolve("roses"));
    Files.writeString(folder.resolve("roses/1.jpg"), "one");
    Files.writeString(folder.resolve("roses/2.jpg"), "two");
  }

  private ImageUpload upload(MockProducer<byte[], byte[]> producer, boolean labeled) {
    return upload(producer, labeled, Pace.unlimited());
  }

  private ImageUpload upload(MockProducer<byte[], byte[]> producer, boolean labeled, Pace pace) {
    return new ImageUpload(
        new RecordSender<>(producer, "images", FORMAT, Image::getId),
        pace,
        Progress.start(new PrintWriter(err, true), "sending", "images", OptionalLong.of(2)),
        labeled,
        "p/",
        new DataSize(1000));
  }

  private List<ImageFile> found() {
    return ImageFiles.find(folder.toString()).files();
  }

  private List<Image> sent() throws MalformedRecordException {
    List<Image> images = new ArrayList<>();
    for (ProducerRecord<byte[], byte[]> record : broker.history()) {
      Image image = FORMAT.decode(record.value());
      assertThat(record.topic()).isEqualTo("images");
      assertThat(new String(record.key(), StandardCharsets.UTF_8)).isEqualTo(image.getId());
      images.add(image);
    }
    return images;
  }

  @Test
  void idsArePrefixPathAndNumberOfTheRepetition() throws Exception {
    ImageUpload upload = upload(broker, false);
    upload.run(found(), 3);

    assertThat(sent())
        .extracting(Image::getId)
        .containsExactly(
            "p/roses/1.jpg",
            "p/roses/2.jpg",
            "p/roses/1.jpg#2",
            "p/roses/2.jpg#2",
            "p/roses/1.jpg#3",
            "p/roses/2.jpg#3");
    assertThat(upload.sent()).isEqualTo(6);
    assertThat(upload.unsent()).isEqualTo(0);
  }

  @Test
  void labeledImagesCarryTheirFoldersName() throws Exception {
    upload(broker, true).run(found(), 1);
    assertThat(sent()).hasSize(2).allMatch(image -> image.getLabel().orElse("").equals("roses"));
  }

  /** The job would reject a record with such an id. */
  @Test
  void aFileWithAnInvalidIdIsReportedAndTheRestIsSent() throws Exception {
    Files.writeString(folder.resolve("roses/\u001b[2J\n.jpg"), "three");
    ImageUpload upload = upload(broker, false);
    upload.run(found(), 1);

    assertThat(sent()).hasSize(2);
    assertThat(upload.unsent()).isEqualTo(1);
    assertThat(err.toString())
        .contains("roses/\\u001b[2J\\u000a.jpg: the id holds the control character U+001B");
  }

  @Test
  void aFileBeyondTheLimitIsReportedWithoutBeingRead() throws Exception {
    Files.write(folder.resolve("roses/0.jpg"), new byte[1001]);
    ImageUpload upload = upload(broker, false);
    upload.run(found(), 1);

    assertThat(sent()).hasSize(2);
    assertThat(upload.unsent()).isEqualTo(1);
    assertThat(err.toString()).contains("roses/0.jpg: 1001 bytes");
  }

  @Test
  void aMissingFileIsReportedAndTheRestIsSent() throws Exception {
    List<ImageFile> files = found();
    Files.delete(folder.resolve("roses/1.jpg"));
    ImageUpload upload = upload(broker, false);
    upload.run(files, 1);

    assertThat(sent()).extracting(Image::getId).containsExactly("p/roses/2.jpg");
    assertThat(err.toString()).contains("roses/1.jpg: is gone");
  }

  @Test
  void aRecordTooLargeForTheBrokerIsReportedAndTheRestIsSent() {
    MockProducer<byte[], byte[]> refusing = broker(false);
    ImageUpload upload = upload(refusing, false);
    upload.run(found(), 1);
    refusing.errorNext(new RecordTooLargeException("too large"));
    refusing.completeNext();

    assertThat(upload.sent()).isEqualTo(1);
    assertThat(upload.unsent()).isEqualTo(1);
    assertThat(err.toString()).contains("roses/1.jpg: larger than the broker accepts");
  }

  @Test
  void anyOtherFailureEndsTheUpload() {
    MockProducer<byte[], byte[]> refusing = broker(false);
    ImageUpload upload = upload(refusing, false);
    upload.run(found(), 1);
    refusing.errorNext(new AuthorizationException("not yours"));

    assertThatThrownBy(() -> upload.run(found(), 1))
        .isInstanceOf(UserException.class)
        .hasMessage("the broker no longer accepts records on topic images: not yours");
    assertThat(refusing.history()).hasSize(2);
  }

  @Test
  void aFailureOfTheLastRecordIsReportedOnClose() {
    MockProducer<byte[], byte[]> refusing = broker(false);
    RecordSender<Image> sender = new RecordSender<>(refusing, "images", FORMAT, Image::getId);
    sender.send(
        Image.newBuilder().setId("x").build(),
        new RecordSender.Outcome() {
          @Override
          public void acknowledged() {}

          @Override
          public void refused(String reason) {}
        });
    refusing.errorNext(new AuthorizationException("not yours"));
    assertThatThrownBy(sender::close).hasMessageContaining("not yours");
    assertThat(refusing.closed()).isTrue();
  }

  @Test
  void aStoppedPaceEndsTheUpload() {
    Pace pace = Pace.unlimited();
    pace.stop();
    ImageUpload upload = upload(broker, false, pace);
    upload.run(found(), 1);
    assertThat(broker.history()).isEmpty();
  }
}
