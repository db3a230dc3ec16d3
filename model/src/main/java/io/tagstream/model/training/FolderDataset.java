package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder with a subfolder per class: the subfolder's name is the label of each regular file below
 * it, regardless of its extension. Hidden files and folders are ignored.
 */
public final class FolderDataset {
  private FolderDataset() {}

  /**
   * Lists a folder without opening an image. Classes are sorted by name, images by path; an image's
   * id is its path below the folder, with slashes.
   *
   * @throws ModelException if it is not a folder, cannot be listed, or has no subfolder with a file
   */
  public static Dataset list(Path folder) {
    ClassNames classes = new ClassNames(List.of());
    List<LabelledImage> images = new ArrayList<>();
    try {
      if (!Files.isDirectory(folder)) {
        throw new ModelException(
            folder + " is not a folder: give one that holds a folder per class");
      }
      for (Path child : visibleChildren(folder)) {
        if (Files.isDirectory(child)) {
          List<Path> files = new ArrayList<>();
          addFiles(child, files);
          if (!files.isEmpty()) {
            int classIndex = classes.indexOf(label(child));
            files.forEach(file -> images.add(image(folder, file, classIndex)));
          }
        }
      }
    } catch (IOException e) {
      throw new ModelException("cannot list " + folder + ": " + e, e);
    }
    if (images.isEmpty()) {
      throw new ModelException(
          folder + " holds no folder with images: it needs one per class, named after the class");
    }
    return new Dataset(folder.toString(), classes.labels(), images);
  }

  /**
   * Lists a folder whose images need no label: as {@link #list}, or, if it has no subfolders, its
   * files, whose only label is empty.
   *
   * @throws ModelException if it is not a folder, cannot be listed, or holds no file
   */
  public static Dataset listWithOrWithoutLabels(Path folder) {
    List<Path> files = new ArrayList<>();
    try {
      if (Files.isDirectory(folder)
          && visibleChildren(folder).stream().noneMatch(child -> Files.isDirectory(child))) {
        addFiles(folder, files);
      }
    } catch (IOException e) {
      throw new ModelException("cannot list " + folder + ": " + e, e);
    }
    if (files.isEmpty()) {
      return list(folder);
    }
    return new Dataset(
        folder.toString(),
        List.of(""),
        files.stream().map(file -> image(folder, file, 0)).toList());
  }

  /** The normalised label (NFC): some file systems decompose letters. */
  private static String label(Path folder) {
    return Normalizer.normalize(folder.getFileName().toString(), Normalizer.Form.NFC).strip();
  }

  private static LabelledImage image(Path root, Path file, int classIndex) {
    String id = root.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
    return new LabelledImage(id, Optional.empty(), classIndex, LabelledImage.Content.of(file));
  }

  private static void addFiles(Path folder, List<Path> files) throws IOException {
    for (Path child : visibleChildren(folder)) {
      // Following a link to a parent folder would list images repeatedly.
      if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
        addFiles(child, files);
      } else if (Files.isRegularFile(child)) {
        files.add(child);
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
