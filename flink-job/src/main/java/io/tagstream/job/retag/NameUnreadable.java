package io.tagstream.job.retag;

import io.tagstream.job.flow.RejectedImage;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs and counts the images that cannot be tagged, and passes them through. */
final class NameUnreadable extends ProcessFunction<RejectedImage, RejectedImage> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(NameUnreadable.class);

  static final String COUNTER = "unreadable";

  private final LongCounter counter = new LongCounter();

  @Override
  public void open(OpenContext context) {
    getRuntimeContext().addAccumulator(COUNTER, counter);
  }

  @Override
  public void processElement(
      RejectedImage image, Context context, Collector<RejectedImage> collector) {
    counter.add(1);
    LOG.warn("Not tagged: {} ({}): {}", image.source, image.stage.word(), image.reason);
    collector.collect(image);
  }
}
