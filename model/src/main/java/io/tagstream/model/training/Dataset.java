package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import java.util.List;

/**
 * Labelled images for training or evaluation.
 *
 * @param description the source, for messages and reports
 * @param labels in class order
 * @param images not yet read
 */
public record Dataset(String description, List<String> labels, List<LabelledImage> images) {

  /**
   * @throws IllegalArgumentException if an image's class has no label
   */
  public Dataset {
    labels = List.copyOf(labels);
    images = List.copyOf(images);
    for (LabelledImage image : images) {
      if (image.classIndex() >= labels.size()) {
        throw new IllegalArgumentException(
            "%s has class %d of %d".formatted(image.id(), image.classIndex(), labels.size()));
      }
    }
  }

  /**
   * The same images with another order of classes.
   *
   * @throws ModelException if a class of these images is not in {@code order}
   */
  public Dataset withLabels(List<String> order) {
    ClassNames classes = new ClassNames(order);
    List<String> unknown = labels.stream().filter(label -> classes.find(label).isEmpty()).toList();
    if (!unknown.isEmpty()) {
      throw new ModelException(
          "%s has a class %s, which the model does not know: %s"
              .formatted(description, unknown.get(0), String.join(", ", order)));
    }
    return joining(order);
  }

  /** The same images with the known classes first and this data set's other classes after them. */
  public Dataset joining(List<String> known) {
    ClassNames classes = new ClassNames(known);
    int[] indices = labels.stream().mapToInt(classes::indexOf).toArray();
    return new Dataset(
        description,
        classes.labels(),
        images.stream().map(image -> image.withClass(indices[image.classIndex()])).toList());
  }
}
