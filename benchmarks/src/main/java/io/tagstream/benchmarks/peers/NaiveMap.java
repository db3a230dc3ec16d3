package io.tagstream.benchmarks.peers;

import ai.onnxruntime.OrtException;
import io.tagstream.benchmarks.probe.Meter;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.WireFormat;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;

/** A map function that tags one image after the other with a {@link NaiveTagger}. */
final class NaiveMap extends RichMapFunction<IncomingRecord, String> {
  private static final long serialVersionUID = 1L;

  private final String models;
  private transient WireFormat<Image> format;
  private transient NaiveTagger tagger;

  NaiveMap(String models) {
    this.models = models;
  }

  @Override
  public void open(OpenContext context) throws OrtException {
    format = WireFormat.of(Image.class);
    tagger = new NaiveTagger(models);
  }

  @Override
  public String map(IncomingRecord record) throws Exception {
    Image image = format.decode(record.value);
    byte[] content = new byte[image.getContent().orElseThrow().remaining()];
    image.getContent().orElseThrow().get(content);
    String answer = image.getId() + "\t" + tagger.tags(List.of(content)).get(0);
    Meter.ofProcess().answered(1);
    return answer;
  }

  @Override
  public void close() throws OrtException {
    if (tagger != null) {
      tagger.close();
    }
  }
}
