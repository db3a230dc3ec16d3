package io.tagstream.trainingstore;

import io.tagstream.model.training.Dataset;
import io.tagstream.model.training.LabelledImage;
import io.tagstream.schemas.LabelOrigin;
import io.tagstream.schemas.LabelText;
import io.tagstream.schemas.Sha256;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Adds a data set's images to a training store, without Flink. It skips an image whose id has the
 * same bytes or was withdrawn, and an image whose bytes have the same label under any id. So adding
 * a data set again adds nothing and undoes no correction and no withdrawal.
 */
public final class Addition {
  private final TrainingStore store;
  private final Instant at;
  private final long fileBytes;

  private final Map<String, Set<String>> contentsById = new HashMap<>();
  private final Set<String> withdrawn = new HashSet<>();
  private final Map<String, Set<String>> labelsByContent = new HashMap<>();

  private Addition(TrainingStore store, Instant at, long fileBytes) {
    this.store = store;
    this.at = at;
    this.fileBytes = fileBytes;
  }

  /**
   * Adds the images, with labels of origin {@code producer}.
   *
   * @param at taken as the time when they were labelled
   * @return how many images were added
   * @throws UserException if a class's name is not a valid label, an image cannot be read or the
   *     disk cannot be written; files completed by then stay
   */
  public static int of(Dataset dataset, TrainingStore store, Instant at) {
    return of(dataset, store, at, TrainingStore.FILE_BYTES);
  }

  /**
   * @param fileBytes the size at which the next file begins
   */
  static int of(Dataset dataset, TrainingStore store, Instant at, long fileBytes) {
    Addition addition = new Addition(store, at, fileBytes);
    addition.readStore();
    List<String> labels = dataset.labels().stream().map(Addition::label).toList();
    try {
      return addition.write(dataset, labels);
    } catch (IOException e) {
      throw new UserException(
          "cannot add to the training store %s: %s".formatted(store.folder(), e), e);
    }
  }

  private static String label(String folder) {
    try {
      return LabelText.normalize(folder);
    } catch (IllegalArgumentException e) {
      throw new UserException("class '%s': %s".formatted(folder, e.getMessage()), e);
    }
  }

  private void readStore() {
    List<StoreFile> files = store.list().files();
    for (StoreFile file : files) {
      for (TrainingRowHead row : store.heads(file)) {
        row.content().ifPresent(content -> remember(row.imageId(), row.label(), content.sha256()));
      }
    }
    withdrawn.addAll(store.read(files).withdrawn());
  }

  private void remember(String id, Optional<String> label, String sha256) {
    contentsById.computeIfAbsent(id, first -> new HashSet<>()).add(sha256);
    label.ifPresent(
        text -> labelsByContent.computeIfAbsent(sha256, first -> new HashSet<>()).add(text));
  }

  private int write(Dataset dataset, List<String> labels) throws IOException {
    int added = 0;
    long bytes = 0;
    Optional<NewFile> open = Optional.empty();
    try {
      for (LabelledImage image : dataset.images()) {
        byte[] content = image.content().read();
        String label = labels.get(image.classIndex());
        String sha256 = HexFormat.of().formatHex(Sha256.of(content));
        if (isThere(image.id(), label, sha256)) {
          continue;
        }
        remember(image.id(), Optional.of(label), sha256);
        if (open.isEmpty()) {
          open = Optional.of(new NewFile(store.folder(), "train", Map.of()));
        }
        NewFile file = open.get();
        file.rows()
            .append(
                image.id(),
                Optional.of(label),
                false,
                image.group(),
                at,
                LabelOrigin.PRODUCER.word(),
                Optional.empty(),
                Optional.of(content));
        added++;
        bytes += content.length;
        if (bytes >= fileBytes) {
          file.publish();
          open = Optional.empty();
          bytes = 0;
        }
      }
      if (open.isPresent()) {
        open.get().publish();
      }
      return added;
    } finally {
      if (open.isPresent()) {
        open.get().close();
      }
    }
  }

  private boolean isThere(String id, String label, String sha256) {
    return withdrawn.contains(id)
        || contentsById.getOrDefault(id, Set.of()).contains(sha256)
        || labelsByContent.getOrDefault(sha256, Set.of()).contains(label);
  }
}
