package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder of folders: each folder's name is a class, each regular file below it an image of that
 * class, whatever its extension. Hidden files and folders are left out.
 */
public final class FolderDataset {
  private FolderDataset() {}

  /**
   * Lists a folder; no image is opened. The labels are the folders' names, sorted; the images lie
   * class by class, sorted by path, and their ids are their paths below the folder, with slashes.
   *
   * @throws ModelException when it is no folder, cannot be listed, or holds no folder with a file
   */
  public static Dataset list(Path folder) {
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
    return new Dataset(folder.toString(), labels, images);
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
        images.add(
            new LabelledImage(id, Optional.empty(), classIndex, LabelledImage.Content.of(child)));
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
