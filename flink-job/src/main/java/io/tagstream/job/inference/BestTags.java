package io.tagstream.job.inference;

import io.tagstream.job.flow.Tag;
import io.tagstream.model.network.BestClasses;
import java.util.ArrayList;
import java.util.List;

/** Selects the classes with the highest probabilities. */
final class BestTags {
  private BestTags() {}

  /**
   * The five best classes, best first, the lower index first among equals; fewer only when there
   * are fewer classes.
   *
   * @throws InferenceFailedException if a value is no probability (outside 0 to 1, or NaN), so that
   *     no tag is made up
   */
  static List<Tag> of(float[] probabilities, List<String> labels) throws InferenceFailedException {
    if (probabilities.length != labels.size()) {
      throw new InferenceFailedException(
          "the engine returned %d probabilities for %d classes"
              .formatted(probabilities.length, labels.size()));
    }
    for (int i = 0; i < probabilities.length; i++) {
      float p = probabilities[i];
      if (!(p >= 0 && p <= 1.0001f)) {
        throw new InferenceFailedException(
            "the engine returned %s as the probability of class %d (%s)"
                .formatted(p, i, labels.get(i)));
      }
    }
    List<Tag> tags = new ArrayList<>(BestClasses.MOST);
    for (int index : BestClasses.of(probabilities)) {
      tags.add(new Tag(labels.get(index), index, probabilities[index]));
    }
    return tags;
  }
}
