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
 * The two entries that housekeeping writes into a file's header. One lists the origin of its rows:
 * a line per part, with the number of rows and the name. The other names the files that it
 * replaces; it holds their rows except superseded ones. They make a merge atomic: as soon as the
 * merged file is visible it replaces the others, whether they are deleted yet or not. Earlier
 * releases wrote only the first entry, and all rows of each part.
 */
final class MergedParts {
  private static final String KEY = "tagstream.parts";
  private static final String REPLACED = "tagstream.replaced";
  private static final Pattern LINE = Pattern.compile("(\\d{1,18}) (.+)");

  private MergedParts() {}

  /**
   * @param replaced the names of the replaced files
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

  /** The names of the files that a file replaces. */
  static Set<String> replaced(Map<String, String> notes) {
    return notes.containsKey(REPLACED) ? Set.of(notes.get(REPLACED).split("\n")) : Set.of();
  }

  /**
   * The parts of a merged file; empty for a file that was not merged.
   *
   * @throws MalformedFileException if the entry is malformed or does not cover all rows
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
        throw new MalformedFileException("its header's %s contains '%s'".formatted(KEY, line));
      }
      parts.add(new Part(part.group(2), Long.parseLong(part.group(1))));
    }
    long named = parts.stream().mapToLong(Part::rows).sum();
    if (named != rows) {
      throw new MalformedFileException(
          "it has %d rows, but its parts have %d: it was truncated".formatted(rows, named));
    }
    return Optional.of(parts);
  }
}
