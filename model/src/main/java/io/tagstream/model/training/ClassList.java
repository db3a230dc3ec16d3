package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The classes a training teaches.
 *
 * @param labels in class order; a parent's come first and keep their order
 * @param origin how they came about
 * @param waiting the classes that have too few images
 * @param lost the parent's that are not taught any more
 */
record ClassList(List<String> labels, Origin origin, List<ClassSize> waiting, List<String> lost) {

  /** How a list of classes came about. */
  enum Origin {
    IMAGES("the images'"),
    PARENT("the parent's"),
    /** The parent's and new ones. */
    GROWN("grown"),
    /** Not the parent's: it learned from other pictures, and they had other classes. */
    REPLACED("replaced");

    private final String text;

    Origin(String text) {
      this.text = text;
    }

    /** For the provenance. */
    @Override
    public String toString() {
      return text;
    }
  }

  ClassList {
    labels = List.copyOf(labels);
    waiting = List.copyOf(waiting);
    lost = List.copyOf(lost);
  }

  /**
   * Decides on the classes. A parent's are kept, also those without an image here, and may have
   * few: images get lost or are corrected, and a class that was learned is not to go with them.
   * Only where the parent learned from other pictures, has classes that have none here and lacks
   * one that is to be learned here, its last layer is of no use. A class that no parent has waits
   * until it has enough images.
   *
   * @param parent its labels in class order
   * @param ofThese whether the parent learned from these pictures, as they were then
   * @param sizes of the classes of the data set, in its order
   * @param minPerClass images that a new class needs
   * @param where the data set, for messages
   * @throws ModelException when fewer than two classes are left
   */
  static ClassList of(
      Optional<List<String>> parent,
      boolean ofThese,
      List<ClassSize> sizes,
      int minPerClass,
      String where) {
    List<String> before = parent.orElse(List.of());
    Set<String> seen = labels(sizes, size -> size.images() > 0);
    boolean kept =
        ofThese
            || seen.containsAll(before)
            || before.containsAll(labels(sizes, size -> size.isEnough(minPerClass)));
    List<String> labels = kept ? new ArrayList<>(before) : new ArrayList<>();
    List<ClassSize> waiting = new ArrayList<>();
    for (ClassSize size : sizes) {
      if (!labels.contains(size.label())) {
        if (size.isEnough(minPerClass)) {
          labels.add(size.label());
        } else {
          waiting.add(size);
        }
      }
    }
    if (labels.size() < 2) {
      throw tooFew(sizes, minPerClass, where);
    }
    Origin origin =
        parent.isEmpty()
            ? Origin.IMAGES
            : !kept ? Origin.REPLACED : labels.equals(before) ? Origin.PARENT : Origin.GROWN;
    List<String> lost = before.stream().filter(label -> !labels.contains(label)).toList();
    return new ClassList(labels, origin, waiting, lost);
  }

  private static Set<String> labels(List<ClassSize> sizes, Predicate<ClassSize> wanted) {
    return sizes.stream()
        .filter(wanted)
        .map(ClassSize::label)
        .collect(Collectors.toUnmodifiableSet());
  }

  private static ModelException tooFew(List<ClassSize> sizes, int minPerClass, String where) {
    if (sizes.size() == 1) {
      return new ModelException(
          "%s has one class, %s: a training needs two or more"
              .formatted(where, sizes.get(0).label()));
    }
    return new ModelException(
        "%s has no two classes with enough images: %s; add images or lower training.min-per-class"
            .formatted(
                where,
                sizes.stream()
                    .filter(size -> !size.isEnough(minPerClass))
                    .map(size -> size.shortage(minPerClass))
                    .collect(Collectors.joining("; "))));
  }
}
