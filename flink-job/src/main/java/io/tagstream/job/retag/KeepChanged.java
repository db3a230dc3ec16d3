package io.tagstream.job.retag;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.TaggedImage;
import java.util.Optional;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Keeps the new predictions whose first tag differs from that of the image's last prediction, and
 * those of images without a prediction. Keyed by the image's coordinates; first input: new
 * predictions, second: earlier first tags. Emits at the end of both inputs, when the last
 * prediction is known.
 */
final class KeepChanged
    extends KeyedCoProcessFunction<Coordinates, TaggedImage, FirstTag, RetaggedImage> {
  private static final long serialVersionUID = 1L;

  private transient ValueState<TaggedImage> answer;
  private transient ValueState<FirstTag> earlierTag;

  @Override
  public void open(OpenContext context) {
    answer =
        getRuntimeContext()
            .getState(new ValueStateDescriptor<>("answer", TypeInformation.of(TaggedImage.class)));
    earlierTag =
        getRuntimeContext()
            .getState(new ValueStateDescriptor<>("said", TypeInformation.of(FirstTag.class)));
  }

  @Override
  public void processElement1(
      TaggedImage image, Context context, Collector<RetaggedImage> collector) throws Exception {
    answer.update(image);
    context.timerService().registerEventTimeTimer(Long.MAX_VALUE);
  }

  @Override
  public void processElement2(FirstTag tag, Context context, Collector<RetaggedImage> collector)
      throws Exception {
    earlierTag.update(tag);
  }

  @Override
  public void onTimer(long timestamp, OnTimerContext context, Collector<RetaggedImage> collector)
      throws Exception {
    TaggedImage image = answer.value();
    Optional<FirstTag> earlier = Optional.ofNullable(earlierTag.value());
    String tag = image.tags().get(0).label();
    if (earlier.isEmpty() || !earlier.get().label().equals(tag)) {
      collector.collect(new RetaggedImage(image, earlier.map(FirstTag::modelVersion).orElse(null)));
    }
  }
}
