package io.tagstream.model.training;

import java.util.List;
import java.util.stream.IntStream;

/** Selects evenly spaced elements of a list. */
final class EvenSample {
  private EvenSample() {}

  /** At most {@code most} elements, spaced evenly over the whole list, in its order. */
  static <T> List<T> of(List<T> all, int most) {
    int count = Math.min(all.size(), most);
    return IntStream.range(0, count)
        .mapToObj(i -> all.get((int) ((long) i * all.size() / count)))
        .toList();
  }
}
