package io.tagstream.benchmarks.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.WireFormat;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;

/**
 * What is pasted together most often: one image after the other through ImageIO, Graphics2D, nested
 * arrays and a session of its own, all within a map function.
 */
final class NaiveMap extends RichMapFunction<IncomingRecord, String> {
  private static final long serialVersionUID = 1L;
  private static final int TAGS = 5;

  private final String models;
  private transient WireFormat<Image> format;
  private transient OrtEnvironment environment;
  private transient OrtSession session;
  private transient Preprocessing preprocessing;
  private transient List<String> labels;

  NaiveMap(String models) {
    this.models = models;
  }

  @Override
  public void open(OpenContext context) throws OrtException {
    ModelBundle bundle = new ModelStore(Path.of(models)).openLive();
    format = WireFormat.of(Image.class);
    preprocessing = bundle.preprocessing();
    labels = bundle.labels();
    environment = OrtEnvironment.getEnvironment();
    session = environment.createSession(bundle.onnx().toString());
  }

  @Override
  public String map(IncomingRecord record) throws Exception {
    Image image = format.decode(record.value);
    byte[] content = new byte[image.getContent().orElseThrow().remaining()];
    image.getContent().orElseThrow().get(content);
    String answer = image.getId() + "\t" + tags(content);
    Meter.ofProcess().answered(1);
    return answer;
  }

  private String tags(byte[] content) throws OrtException {
    BufferedImage picture;
    try {
      picture = ImageIO.read(new ByteArrayInputStream(content));
    } catch (IOException | RuntimeException e) {
      // On real photos too: it throws where it cannot follow a colour profile.
      return "unknown";
    }
    float[][][][] input = {planes(crop(picture))};
    try (OnnxTensor tensor = OnnxTensor.createTensor(environment, input);
        OrtSession.Result result = session.run(Map.of("image", tensor))) {
      float[] probabilities = ((float[][]) result.get("probabilities").orElseThrow().getValue())[0];
      return IntStream.range(0, probabilities.length)
          .boxed()
          .sorted((a, b) -> Float.compare(probabilities[b], probabilities[a]))
          .limit(TAGS)
          .map(i -> labels.get(i) + "=" + probabilities[i])
          .toList()
          .toString();
    }
  }

  private BufferedImage crop(BufferedImage picture) {
    int shorter = Math.min(picture.getWidth(), picture.getHeight());
    int width = picture.getWidth() * preprocessing.resize() / shorter;
    int height = picture.getHeight() * preprocessing.resize() / shorter;
    BufferedImage scaled = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = scaled.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(picture, 0, 0, width, height, null);
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
    if (session != null) {
      session.close();
    }
  }
}
