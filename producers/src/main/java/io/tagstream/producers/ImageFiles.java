package io.tagstream.producers;

import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.PatternSyntaxException;

/**
 * The requested files, sorted by name, and those that are skipped.
 *
 * @param skipped links and anything that is neither file nor folder, with the reason. Links are not
 *     followed, because one could lead to the same file again or into a cycle
 */
public record ImageFiles(List<ImageFile> files, List<Unsent> skipped) {

  public ImageFiles {
    files = List.copyOf(files);
    skipped = List.copyOf(skipped);
  }

  /** A file that was not sent, and why. */
  public record Unsent(String name, String reason) {}

  /**
   * Finds every regular file below a folder except hidden ones, or a single file, or the files that
   * a pattern such as {@code photos/**}{@code /*.jpg} matches, named relative to the part before
   * the first wildcard. Opens no file.
   *
   * @throws UserException when nothing is found
   */
  public static ImageFiles find(String where) {
    Path path = path(where);
    if (Files.isDirectory(path)) {
      return below(path, file -> true, where);
    }
    if (Files.isRegularFile(path)) {
      return new ImageFiles(List.of(new ImageFile(path, path.getFileName().toString())), List.of());
    }
    int wildcard = firstWildcard(where);
    if (wildcard < 0 && Files.exists(path)) {
      throw new UserException("%s is neither file nor folder: check --images".formatted(where));
    }
    if (wildcard < 0) {
      throw new UserException("no file or folder at %s: check --images".formatted(where));
    }
    int folderEnd = where.lastIndexOf('/', wildcard) + 1;
    Path base = Path.of(folderEnd == 0 ? "." : where.substring(0, folderEnd));
    if (!Files.isDirectory(base)) {
      throw new UserException("no folder at %s: check --images".formatted(base));
    }
    String pattern = where.substring(folderEnd);
    PathMatcher matcher = matcher(pattern, where);
    // As in shells, **/ also matches no folder at all.
    PathMatcher shallow = matcher(pattern.replace("**/", ""), where);
    return below(base, file -> matcher.matches(file) || shallow.matches(file), where);
  }

  private static ImageFiles below(Path folder, Predicate<Path> wanted, String where) {
    List<ImageFile> files = new ArrayList<>();
    List<Unsent> skipped = new ArrayList<>();
    try {
      // The walk follows no links, so a requested link must be resolved first.
      Path root = folder.toRealPath();
      Files.walkFileTree(root, new Collector(root, wanted, files, skipped));
    } catch (IOException e) {
      throw new UserException("cannot read %s: %s".formatted(where, e.getMessage()), e);
    }
    if (files.isEmpty() && skipped.isEmpty()) {
      throw new UserException("no files at %s: check --images".formatted(where));
    }
    files.sort(Comparator.comparing(ImageFile::name));
    skipped.sort(Comparator.comparing(Unsent::name));
    return new ImageFiles(files, skipped);
  }

  private static Path path(String where) {
    try {
      return Path.of(where);
    } catch (InvalidPathException e) {
      throw new UserException("%s is not a valid path: %s".formatted(where, e.getReason()), e);
    }
  }

  private static PathMatcher matcher(String pattern, String where) {
    try {
      return FileSystems.getDefault().getPathMatcher("glob:" + pattern);
    } catch (PatternSyntaxException e) {
      throw new UserException(
          "%s is not a valid pattern: %s".formatted(where, e.getDescription()), e);
    }
  }

  private static int firstWildcard(String where) {
    for (int i = 0; i < where.length(); i++) {
      if ("*?[{".indexOf(where.charAt(i)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private static final class Collector extends SimpleFileVisitor<Path> {
    private final Path root;
    private final Predicate<Path> wanted;
    private final List<ImageFile> files;
    private final List<Unsent> skipped;

    Collector(Path root, Predicate<Path> wanted, List<ImageFile> files, List<Unsent> skipped) {
      this.root = root;
      this.wanted = wanted;
      this.files = files;
      this.skipped = skipped;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      return !folder.equals(root) && isHidden(folder)
          ? FileVisitResult.SKIP_SUBTREE
          : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      Path relative = root.relativize(file);
      if (isHidden(file) || !wanted.test(relative)) {
        return FileVisitResult.CONTINUE;
      }
      if (attributes.isRegularFile()) {
        files.add(new ImageFile(file, name(relative)));
      } else {
        skipped.add(
            new Unsent(
                name(relative),
                attributes.isSymbolicLink()
                    ? "a link, which is not followed"
                    : "not a regular file"));
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
      if (file.equals(root)) {
        throw e;
      }
      skipped.add(new Unsent(name(root.relativize(file)), ReadFailure.reason(e)));
      return FileVisitResult.CONTINUE;
    }

    private static boolean isHidden(Path path) {
      return path.getFileName().toString().startsWith(".");
    }

    private static String name(Path relative) {
      return relative.toString().replace(relative.getFileSystem().getSeparator(), "/");
    }
  }
}
