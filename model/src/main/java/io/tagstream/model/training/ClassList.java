package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The classes of a training.
 *
 * @param labels in class order; a parent's classes come first and keep their order
 * @param origin where the list comes from
 * @param waiting classes that have too few images
 * @param lost classes of the parent that are no longer trained
 */
record ClassList(List<String> labels, Origin origin, List<ClassSize> waiting, List<String> lost) {

  /** Where a list of classes comes from. */
  enum Origin {
    IMAGES("the images'"),
    PARENT("the parent's"),
    /** The parent's classes and new ones. */
    GROWN("grown"),
    /** Not the parent's classes: it was trained on other images with other classes. */
    REPLACED("replaced");

    private final String text;

    Origin(String text) {
      this.text = text;
    }

    /** As in the provenance. */
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
   * Decides on the classes. A parent's classes are kept, however few images they have here: images
   * get lost or are relabelled, and a learned class must survive that. The parent's last layer is
   * replaced only if the parent was trained on other images, has classes without images here and
   * lacks a class that has enough. A class that the parent lacks waits until it has enough images.
   *
   * @param parent the parent's labels in class order
   * @param ofThese whether the parent was trained on an earlier state of these images
   * @param sizes of the classes of the data set, in its order
   * @param minPerClass images that a new class needs
   * @param where the data set, for messages
   * @throws ModelException if fewer than two classes are left
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
          "%s has one class, %s: a training needs at least two"
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
