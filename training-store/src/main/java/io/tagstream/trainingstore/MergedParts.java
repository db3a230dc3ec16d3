package io.tagstream.trainingstore;

import io.tagstream.trainingstore.StoreFile.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The notes in the header of a file that housekeeping wrote. One says where its rows come from: a
 * line for each part, its rows and its name. The other names the files that it replaces, whose rows
 * it holds but for those that do not count. They make a merge one step: from the moment the merged
 * file is visible it stands for the others, whether they are deleted yet or not. Earlier releases
 * wrote the first note alone, and all rows of each part.
 */
final class MergedParts {
  private static final String KEY = "tagstream.parts";
  private static final String REPLACED = "tagstream.replaced";
  private static final Pattern LINE = Pattern.compile("(\\d{1,18}) (.+)");

  private MergedParts() {}

  /**
   * @param replaced the names of files
   */
  static Map<String, String> write(List<Part> parts, List<String> replaced) {
    return Map.of(
        KEY,
        parts.stream()
            .map(part -> part.rows() + " " + part.name())
            .collect(Collectors.joining("\n")),
        REPLACED,
        String.join("\n", replaced));
  }

  /** The names of the files that a file stands for. */
  static Set<String> replaced(Map<String, String> notes) {
    return notes.containsKey(REPLACED) ? Set.of(notes.get(REPLACED).split("\n")) : Set.of();
  }

  /**
   * Empty for a file that was not merged.
   *
   * @throws MalformedFileException when the note does not say where all rows come from
   */
  static Optional<List<Part>> read(Map<String, String> notes, long rows)
      throws MalformedFileException {
    if (!notes.containsKey(KEY)) {
      return Optional.empty();
    }
    List<Part> parts = new ArrayList<>();
    for (String line : notes.get(KEY).split("\n", -1)) {
      Matcher part = LINE.matcher(line);
      if (!part.matches()) {
        throw new MalformedFileException("its header's %s holds '%s'".formatted(KEY, line));
      }
      parts.add(new Part(part.group(2), Long.parseLong(part.group(1))));
    }
    long named = parts.stream().mapToLong(Part::rows).sum();
    if (named != rows) {
      throw new MalformedFileException(
          "it holds %d rows, and its parts %d: it was cut short".formatted(rows, named));
    }
    return Optional.of(parts);
  }
}
