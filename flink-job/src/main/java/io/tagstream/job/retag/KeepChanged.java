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
 * Keeps the new answers whose first tag is another than what was said last, and those to images of
 * which nothing was said. Keyed by the image's coordinates; first input: new answers, second: what
 * was said. Decides at the end of both, when the last word is known.
 */
final class KeepChanged
    extends KeyedCoProcessFunction<Coordinates, TaggedImage, FirstTag, RetaggedImage> {
  private static final long serialVersionUID = 1L;

  private transient ValueState<TaggedImage> answer;
  private transient ValueState<FirstTag> said;

  @Override
  public void open(OpenContext context) {
    answer =
        getRuntimeContext()
            .getState(new ValueStateDescriptor<>("answer", TypeInformation.of(TaggedImage.class)));
    said =
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
    said.update(tag);
  }

  @Override
  public void onTimer(long timestamp, OnTimerContext context, Collector<RetaggedImage> collector)
      throws Exception {
    TaggedImage image = answer.value();
    Optional<FirstTag> before = Optional.ofNullable(said.value());
    String tag = image.tags().get(0).label();
    if (before.isEmpty() || !before.get().label().equals(tag)) {
      collector.collect(new RetaggedImage(image, before.map(FirstTag::modelVersion).orElse(null)));
    }
  }
}
