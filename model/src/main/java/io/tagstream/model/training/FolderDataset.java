package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder of folders: each folder's name is a class, each regular file below it an image of that
 * class, whatever its extension. Hidden files and folders are left out.
 *
 * @param labels the folders' names, sorted: the class order
 * @param images unread, class by class, sorted by path
 */
public record FolderDataset(Path folder, List<String> labels, List<LabelledImage> images) {

  public FolderDataset {
    labels = List.copyOf(labels);
    images = List.copyOf(images);
  }

  /**
   * Lists a folder; no image is opened.
   *
   * @throws ModelException when it is no folder, cannot be listed, or holds no folder with a file
   */
  public static FolderDataset list(Path folder) {
    List<String> labels = new ArrayList<>();
    List<LabelledImage> images = new ArrayList<>();
    try {
      if (!Files.isDirectory(folder)) {
        throw new ModelException(folder + " is no folder: name one that holds a folder per class");
      }
      for (Path child : visibleChildren(folder)) {
        if (Files.isDirectory(child)) {
          int before = images.size();
          addFiles(folder, child, labels.size(), images);
          if (images.size() > before) {
            labels.add(child.getFileName().toString());
          }
        }
      }
    } catch (IOException e) {
      throw new ModelException("cannot list " + folder + ": " + e, e);
    }
    if (labels.isEmpty()) {
      throw new ModelException(
          folder + " holds no folder with images: it needs one per class, named after the class");
    }
    return new FolderDataset(folder, labels, images);
  }

  /**
   * The same images under another order of classes.
   *
   * @throws ModelException when a class of this folder is not among them
   */
  public FolderDataset withLabels(List<String> order) {
    for (String label : labels) {
      if (!order.contains(label)) {
        throw new ModelException(
            "%s has a folder %s, which is no class of the model: %s"
                .formatted(folder, label, String.join(", ", order)));
      }
    }
    return new FolderDataset(
        folder,
        order,
        images.stream()
            .map(
                image ->
                    new LabelledImage(
                        image.id(), image.file(), order.indexOf(labels.get(image.classIndex()))))
            .toList());
  }

  private static void addFiles(Path root, Path folder, int classIndex, List<LabelledImage> images)
      throws IOException {
    for (Path child : visibleChildren(folder)) {
      // A link to a folder above would count pictures again and again.
      if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
        addFiles(root, child, classIndex, images);
      } else if (Files.isRegularFile(child)) {
        String id =
            root.relativize(child).toString().replace(child.getFileSystem().getSeparator(), "/");
        images.add(new LabelledImage(id, child, classIndex));
      }
    }
  }

  private static List<Path> visibleChildren(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children
          .filter(child -> !child.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    }
  }
}
