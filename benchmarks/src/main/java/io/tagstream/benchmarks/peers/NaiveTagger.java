package io.tagstream.benchmarks.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/**
 * The most common way to write it: ImageIO, Graphics2D, nested arrays and an ONNX Runtime session
 * with default options. Not thread-safe.
 */
final class NaiveTagger implements AutoCloseable {
  private static final int TAGS = 5;
  private static final String UNKNOWN = "unknown";

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final Preprocessing preprocessing;
  private final List<String> labels;

  /** Opens the live model of a store. */
  NaiveTagger(String models) throws OrtException {
    ModelBundle bundle = new ModelStore(Path.of(models)).openLive();
    preprocessing = bundle.preprocessing();
    labels = bundle.labels();
    session = environment.createSession(bundle.onnx().toString());
  }

  /** The five best tags of each image, in one run of the network. */
  List<String> tags(List<byte[]> images) throws OrtException {
    List<float[][][]> inputs = new ArrayList<>();
    List<Integer> readable = new ArrayList<>();
    List<String> tags = new ArrayList<>();
    for (byte[] image : images) {
      Optional<BufferedImage> read = read(image);
      if (read.isPresent()) {
        readable.add(tags.size());
        inputs.add(planes(crop(read.get())));
      }
      tags.add(UNKNOWN);
    }
    if (inputs.isEmpty()) {
      return tags;
    }
    try (OnnxTensor tensor =
            OnnxTensor.createTensor(environment, inputs.toArray(float[][][][]::new));
        OrtSession.Result result = session.run(Map.of("image", tensor))) {
      float[][] rows = (float[][]) result.get("probabilities").orElseThrow().getValue();
      for (int i = 0; i < rows.length; i++) {
        tags.set(readable.get(i), best(rows[i]));
      }
    }
    return tags;
  }

  private static Optional<BufferedImage> read(byte[] image) {
    try {
      return Optional.ofNullable(ImageIO.read(new ByteArrayInputStream(image)));
    } catch (IOException | RuntimeException e) {
      // ImageIO throws on colour profiles that it does not support, also in real photos.
      return Optional.empty();
    }
  }

  private String best(float[] probabilities) {
    return IntStream.range(0, probabilities.length)
        .boxed()
        .sorted((a, b) -> Float.compare(probabilities[b], probabilities[a]))
        .limit(TAGS)
        .map(i -> labels.get(i) + "=" + probabilities[i])
        .toList()
        .toString();
  }

  private BufferedImage crop(BufferedImage image) {
    int shorter = Math.min(image.getWidth(), image.getHeight());
    int width = image.getWidth() * preprocessing.resize() / shorter;
    int height = image.getHeight() * preprocessing.resize() / shorter;
    BufferedImage scaled = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = scaled.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(image, 0, 0, width, height, null);
    graphics.dispose();
    int side = preprocessing.crop();
    return scaled.getSubimage((width - side) / 2, (height - side) / 2, side, side);
  }

  private float[][][] planes(BufferedImage crop) {
    int side = preprocessing.crop();
    float[][][] planes = new float[3][side][side];
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int rgb = crop.getRGB(x, y);
        for (int channel = 0; channel < planes.length; channel++) {
          float value = (rgb >> (16 - 8 * channel)) & 0xff;
          planes[channel][y][x] =
              (float)
                  ((value * preprocessing.scale() - preprocessing.mean().get(channel))
                      / preprocessing.deviation().get(channel));
        }
      }
    }
    return planes;
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
