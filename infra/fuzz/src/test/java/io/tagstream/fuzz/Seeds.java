package io.tagstream.fuzz;

import io.tagstream.model.network.Activation;
import io.tagstream.model.network.Convolution;
import io.tagstream.model.network.Dense;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.LocalResponseNormalization;
import io.tagstream.model.network.MaxPool;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.Label;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Source;
import io.tagstream.schemas.Tag;
import io.tagstream.schemas.WireFormat;
import io.tagstream.trainingstore.TrainingFileWriter;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** Valid inputs, small so that a change of one byte is likely to have an effect. */
final class Seeds {
  private static final Instant TIME = Instant.parse("2026-11-24T10:20:30.456Z");
  private static final Source SOURCE = new Source("images", 2, 77L);

  /** One pixel, lossless. */
  private static final String WEBP =
      "524946461a000000574542505650384c0d0000002f0000001007101111888808fe0700";

  private Seeds() {}

  /** A value of each record type, after the byte with which {@link RecordsTarget} selects it. */
  static List<byte[]> records() {
    byte[][] values = {
      WireFormat.of(Image.class)
          .encode(
              Image.newBuilder()
                  .setId("a")
                  .setContent(ByteBuffer.wrap(new byte[] {1, 2}))
                  .setCapturedAt(TIME)
                  .setAttributes(Map.of("group", "g"))
                  .build()),
      WireFormat.of(Label.class)
          .encode(
              Label.newBuilder()
                  .setImageId("a")
                  .setLabel("b")
                  .setAnnotator("c")
                  .setLabeledAt(TIME)
                  .setOrigin("random")
                  .setSource(SOURCE)
                  .build()),
      WireFormat.of(Prediction.class)
          .encode(
              Prediction.newBuilder()
                  .setImageId("a")
                  .setModelVersion("v")
                  .setTags(List.of(new Tag("b", 1, 0.5f)))
                  .setViews(2)
                  .setSource(SOURCE)
                  .setAppendedAt(TIME)
                  .setDecodedAt(TIME)
                  .setPredictedAt(TIME)
                  .build()),
      WireFormat.of(Rejection.class)
          .encode(
              Rejection.newBuilder()
                  .setStage("decode")
                  .setReason("r")
                  .setSource(SOURCE)
                  .setContent(ByteBuffer.wrap(new byte[] {3}))
                  .setRejectedAt(TIME)
                  .build()),
      WireFormat.of(ModelUpdate.class)
          .encode(ModelUpdate.newBuilder().setStatus("requested").setBy("a").setAt(TIME).build())
    };
    List<byte[]> seeds = new ArrayList<>();
    for (int kind = 0; kind < values.length; kind++) {
      seeds.add(
          ByteBuffer.allocate(values[kind].length + 1).put((byte) kind).put(values[kind]).array());
    }
    return seeds;
  }

  static List<byte[]> trainingFiles() {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try (TrainingFileWriter writer = new TrainingFileWriter(file, Map.of("note", "n"))) {
      for (String id : List.of("a", "b")) {
        writer.append(
            id,
            Optional.of("roses"),
            false,
            Optional.of("g"),
            TIME,
            "random",
            Optional.of(SOURCE),
            Optional.of(new byte[] {1, 2, 3}));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.of(file.toByteArray());
  }

  static List<byte[]> images() {
    return Stream.concat(
            Stream.of("jpg", "png", "gif", "bmp", "tif")
                .flatMap(
                    format ->
                        Stream.of(BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_BYTE_GRAY)
                            .map(type -> encoded(drawn(type), format))),
            Stream.of(HexFormat.of().parseHex(WEBP)))
        .toList();
  }

  private static BufferedImage drawn(int type) {
    BufferedImage image = new BufferedImage(9, 7, type);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.ORANGE);
    graphics.fillRect(0, 0, 9, 7);
    graphics.setColor(Color.BLUE);
    graphics.drawLine(0, 0, 8, 6);
    graphics.dispose();
    return image;
  }

  private static byte[] encoded(BufferedImage image, String format) {
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

  static List<byte[]> onnx() {
    return List.of(read(bundle().onnx()));
  }

  static List<byte[]> bundles() {
    return List.of(read(bundle().onnx().resolveSibling("model.json")));
  }

  /** An ONNX file with a few hundred weights. */
  private static ModelBundle bundle() {
    NetworkDescription network =
        new NetworkDescription(
            11,
            List.of(
                new Convolution(
                    "conv1",
                    2,
                    3,
                    2,
                    0,
                    1,
                    Activation.RELU,
                    Optional.of(LocalResponseNormalization.PAPER),
                    Optional.of(new MaxPool(3, 2, 0)))),
            List.of(
                new Dense("fc7", 4, Activation.RELU, 0.5),
                new Dense("fc8", 2, Activation.IDENTITY, 0)));
    try {
      return new ModelStore(Files.createTempDirectory("seeds"))
          .write(
              new ModelDraft(
                  Initialisation.HE.draw(network, 1),
                  Preprocessing.tagstream(network.inputSize()),
                  List.of("cat", "dog"),
                  Optional.empty(),
                  Provenance.made("drawn for a test", "no data", "none")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<byte[]> settings() {
    return Stream.of(
            "batch.size = 32\nimage.max-bytes=20 MiB\n",
            "# a comment\nkafka.security.protocol=SSL\ncheckpoint.interval=5 s\n",
            "retrain.after = 200\nno.such.key = \\u0041\n")
        .map(text -> text.getBytes(StandardCharsets.UTF_8))
        .toList();
  }
}
