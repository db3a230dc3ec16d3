package io.tagstream.model.training;

import java.util.List;
import java.util.stream.IntStream;

/** Some of a list, where all would take too long. */
final class EvenSample {
  private EvenSample() {}

  /** All, or so many from the whole length of the list, in its order. */
  static <T> List<T> of(List<T> all, int most) {
    int count = Math.min(all.size(), most);
    return IntStream.range(0, count)
        .mapToObj(i -> all.get((int) ((long) i * all.size() / count)))
        .toList();
  }
}
