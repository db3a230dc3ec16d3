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
 * A folder of folders: each folder's name is a label, each regular file below it an image with that
 * label, whatever its extension. Hidden files and folders are left out.
 */
public final class FolderDataset {
  private FolderDataset() {}

  /**
   * Lists a folder; no image is opened. The classes are those that the folders' names make, sorted;
   * the images are sorted by path, and their ids are their paths below the folder, with slashes.
   *
   * @throws ModelException when it is no folder, cannot be listed, or holds no folder with a file
   */
  public static Dataset list(Path folder) {
    ClassNames classes = new ClassNames(List.of());
    List<LabelledImage> images = new ArrayList<>();
    try {
      if (!Files.isDirectory(folder)) {
        throw new ModelException(folder + " is no folder: name one that holds a folder per class");
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
   * Lists a folder whose pictures need no label: as {@link #list}, or, where no folder is in it,
   * its files, whose only label is empty.
   *
   * @throws ModelException when it is no folder, cannot be listed, or holds no file
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

  /** In the form that labels have everywhere: some file systems take letters apart. */
  private static String label(Path folder) {
    return Normalizer.normalize(folder.getFileName().toString(), Normalizer.Form.NFC).strip();
  }

  private static LabelledImage image(Path root, Path file, int classIndex) {
    String id = root.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
    return new LabelledImage(id, Optional.empty(), classIndex, LabelledImage.Content.of(file));
  }

  private static void addFiles(Path folder, List<Path> files) throws IOException {
    for (Path child : visibleChildren(folder)) {
      // A link to a folder above would count pictures again and again.
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
