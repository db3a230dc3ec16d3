package io.tagstream.job.retag;

import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;

/** Passes elements through and counts them in an accumulator, for the command's last line. */
final class CountElements<T> extends RichMapFunction<T, T> {
  private static final long serialVersionUID = 1L;

  static final String TAGGED = "tagged";
  static final String SENT = "sent";

  private final String name;
  private final LongCounter counter = new LongCounter();

  CountElements(String name) {
    this.name = name;
  }

  @Override
  public void open(OpenContext context) {
    getRuntimeContext().addAccumulator(name, counter);
  }

  @Override
  public T map(T element) {
    counter.add(1);
    return element;
  }
}
