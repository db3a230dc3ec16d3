package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The classes a training teaches.
 *
 * @param labels in class order; a parent's come first and keep their order
 * @param origin how they came about
 * @param waiting the classes that have too few images
 */
record ClassList(List<String> labels, Origin origin, List<ClassSize> waiting) {

  /** How a list of classes came about. */
  enum Origin {
    IMAGES("the images'"),
    PARENT("the parent's"),
    /** The parent's and new ones. */
    GROWN("grown"),
    /** Not the parent's, of which at least one has no image here. */
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
  }

  /**
   * Decides on the classes. A parent's are kept while each has an image, and may have few; where
   * one has none the parent was trained on pictures that are not here, and its last layer knows
   * nothing of these. A class that no parent has waits until it has enough images.
   *
   * @param parent its labels in class order
   * @param sizes of the classes of the data set, in its order
   * @param minPerClass images that a new class needs
   * @param where the data set, for messages
   * @throws ModelException when fewer than two classes are left
   */
  static ClassList of(
      Optional<List<String>> parent, List<ClassSize> sizes, int minPerClass, String where) {
    Set<String> seen =
        sizes.stream()
            .filter(size -> size.images() > 0)
            .map(ClassSize::label)
            .collect(Collectors.toUnmodifiableSet());
    boolean kept = parent.filter(seen::containsAll).isPresent();
    List<String> labels = kept ? new ArrayList<>(parent.orElseThrow()) : new ArrayList<>();
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
            : !kept ? Origin.REPLACED : labels.equals(parent.get()) ? Origin.PARENT : Origin.GROWN;
    return new ClassList(labels, origin, waiting);
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
