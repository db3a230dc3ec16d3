package io.tagstream.trainingstore;

import io.tagstream.model.training.ClassNames;
import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.LabelledImage;
import io.tagstream.schemas.LabelText;
import io.tagstream.schemas.Source;
import io.tagstream.trainingstore.StoreFile.Part;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The images of a set of files, each as its newest row has it: the input of a training run. Of two
 * rows of an image with equal times, the one whose record has the higher offset in its partition
 * counts, otherwise the later one by file and position. A row without a label withdraws the image.
 */
public final class ImageCollection {
  private static final Comparator<Row> ORDER =
      Comparator.<Row, Instant>comparing(row -> row.head().at())
          .thenComparing(
              row -> row.head().source(),
              // The records of a producer's batch have equal times, and a withdrawal can overtake a
              // label. Partitions are compared by name, to make the order total.
              emptiesFirst(
                  Comparator.comparing(Source::getTopic)
                      .thenComparing(Source::getPartition)
                      .thenComparing(Source::getOffset)));

  private final String description;
  private final List<StoredImage> images;
  private final Set<String> withdrawn;
  private final List<String> unusable;

  private ImageCollection(
      String description, List<StoredImage> images, Set<String> withdrawn, List<String> unusable) {
    this.description = description;
    this.images = images;
    this.withdrawn = withdrawn;
    this.unusable = unusable;
  }

  /** A row with its file and part. */
  record Row(StoreFile file, String part, TrainingRowHead head) {}

  static ImageCollection of(Path folder, Map<StoreFile, List<TrainingRowHead>> files) {
    List<Row> rows = rowsInOrder(files);
    Map<String, Row> newest = new LinkedHashMap<>();
    for (Row row : rows) {
      // Removed first, so that the map is in the order of the rows that count.
      newest.remove(row.head().imageId());
      newest.put(row.head().imageId(), row);
    }
    List<StoredImage> images = new ArrayList<>();
    Set<String> withdrawn = new HashSet<>();
    List<String> unusable = new ArrayList<>();
    for (Row row : newest.values()) {
      if (row.head().label().isEmpty()) {
        withdrawn.add(row.head().imageId());
      } else {
        image(folder, row)
            .ifPresentOrElse(
                images::add, () -> unusable.add(row.head().imageId() + " in " + row.file().name()));
      }
    }
    return new ImageCollection(
        "training store " + folder,
        Collections.unmodifiableList(images),
        Collections.unmodifiableSet(withdrawn),
        Collections.unmodifiableList(unusable));
  }

  private static <T> Comparator<Optional<T>> emptiesFirst(Comparator<T> order) {
    return Comparator.comparing(
        (Optional<T> value) -> value.orElse(null), Comparator.nullsFirst(order));
  }

  /** All rows by time; the last row of an image counts. */
  static List<Row> rowsInOrder(Map<StoreFile, List<TrainingRowHead>> files) {
    List<Row> rows = new ArrayList<>();
    filesInOrder(files).forEach(file -> addRows(file, files.get(file), rows));
    // Stable, so that rows with equal times stay in the order of files and positions.
    rows.sort(ORDER);
    return rows;
  }

  /** The files in the order in which they were begun, judged by their oldest rows. */
  static List<StoreFile> filesInOrder(Map<StoreFile, List<TrainingRowHead>> files) {
    Map<StoreFile, Instant> oldest = new HashMap<>();
    files.forEach(
        (file, heads) ->
            oldest.put(
                file,
                heads.stream()
                    .map(TrainingRowHead::at)
                    .min(Instant::compareTo)
                    .orElse(Instant.MIN)));
    return files.keySet().stream()
        .sorted(
            Comparator.<StoreFile, Instant>comparing(oldest::get).thenComparing(StoreFile::name))
        .toList();
  }

  private static void addRows(StoreFile file, List<TrainingRowHead> heads, List<Row> rows) {
    int i = 0;
    for (Part part : file.parts()) {
      for (long end = i + part.rows(); i < end; i++) {
        rows.add(new Row(file, part.name(), heads.get(i)));
      }
    }
  }

  /** Empty for a row without content or with an invalid label, which our writers never produce. */
  private static Optional<StoredImage> image(Path folder, Row row) {
    TrainingRowHead head = row.head();
    try {
      String label = LabelText.normalize(head.label().orElseThrow());
      return head.content()
          .map(
              content ->
                  new StoredImage(
                      head.imageId(),
                      label,
                      head.group(),
                      head.at(),
                      row.part(),
                      content.sha256(),
                      new StoredImage.RowContent(folder.resolve(row.file().name()), content)));
    } catch (IllegalArgumentException noLabel) {
      return Optional.empty();
    }
  }

  /** The images that have a label, in the order in which they were labelled. */
  public List<StoredImage> images() {
    return images;
  }

  /** The ids of withdrawn images. */
  public Set<String> withdrawn() {
    return withdrawn;
  }

  /**
   * The images skipped because their row has no content or an invalid label, each as id and file.
   */
  public List<String> unusable() {
    return unusable;
  }

  /**
   * The images that an earlier run did not have, or had with another label.
   *
   * @return their ids
   */
  public Set<String> newSince(RunManifest earlier) {
    Set<String> before = earlier.parts();
    return images.stream()
        .filter(image -> !before.contains(image.part()))
        .map(StoredImage::id)
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * The images as a data set. A label that differs from a class's name only in case belongs to that
   * class; other labels become new classes after the known ones, sorted, each spelled as it first
   * occurred.
   *
   * @param classes the classes of the parent model, in order; they are kept even without images
   */
  public Dataset inClasses(List<String> classes) {
    ClassNames names = new ClassNames(classes);
    images.forEach(image -> names.indexOf(image.label()));
    List<String> spelled = names.labels();
    Map<String, List<StoredImage>> byLabel = new TreeMap<>();
    for (StoredImage image : images) {
      String label = spelled.get(names.indexOf(image.label()));
      byLabel.computeIfAbsent(label, first -> new ArrayList<>()).add(image);
    }
    List<String> labels = new ArrayList<>(classes);
    Map<String, Integer> indexes = new HashMap<>();
    for (int i = 0; i < labels.size(); i++) {
      indexes.putIfAbsent(labels.get(i), i);
    }
    List<LabelledImage> chosen = new ArrayList<>();
    byLabel.forEach(
        (label, ofLabel) -> {
          int classIndex =
              indexes.computeIfAbsent(
                  label,
                  first -> {
                    labels.add(label);
                    return labels.size() - 1;
                  });
          ofLabel.forEach(image -> chosen.add(image.ofClass(classIndex)));
        });
    return new Dataset(description, labels, chosen);
  }
}
