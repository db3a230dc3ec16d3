package io.tagstream.job.suspects;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.schemas.RejectionStage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records that were in work when a process died, each with the number of consecutive deaths in
 * one stage while it was alone in work. They are kept, because a record may be read again more than
 * once.
 *
 * <p>The file format: a line that names the format, then one line per record with the number of
 * deaths, the stage and the record.
 */
final class Suspects {
  /**
   * One death may be a kill from outside at this moment. Two in a row at the same record, in the
   * same stage, are attributed to the record.
   */
  static final int DEATHS_ALONE = 2;

  private static final Logger LOG = LoggerFactory.getLogger(Suspects.class);
  private static final String FILE = "suspects";
  private static final String FORMAT = "tagstream suspects 1";

  /** Enough for many deaths; beyond it the oldest are evicted. */
  private static final int MAX_SUSPECTS = 20_000;

  private final Map<NotedRecord, Deaths> deaths = new LinkedHashMap<>();

  /**
   * A suspect's deaths.
   *
   * @param alone consecutive deaths of the process in this stage while nothing else was in work
   * @param stage the stage of the record when the process last died
   */
  private record Deaths(int alone, RejectionStage stage) {}

  /** Reads a folder's suspects; none, with a warning, if the file cannot be read. */
  static Suspects read(Path folder) {
    Suspects suspects = new Suspects();
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return suspects;
    }
    try {
      List<String> lines = Files.readAllLines(file);
      if (lines.isEmpty() || !lines.get(0).equals(FORMAT)) {
        throw new IOException("it does not begin with '%s'".formatted(FORMAT));
      }
      for (String line : lines.subList(1, lines.size())) {
        suspects.parse(line);
      }
    } catch (IOException e) {
      LOG.warn("Ignored {}: {}", file, e.toString());
    }
    return suspects;
  }

  private void parse(String line) throws IOException {
    String[] words = line.split(" ", 3);
    if (words.length != 3 || !words[0].matches("\\d{1,9}")) {
      throw new IOException("not a suspect: " + line);
    }
    deaths.put(
        NotedRecord.parse(words[2]),
        new Deaths(Integer.parseInt(words[0]), NoteFile.stage(words[1])));
  }

  /** Adds the records that a dead process had in work. */
  void add(NoteFile.Content died) {
    for (NotedRecord record : died.records()) {
      Deaths before = deaths.getOrDefault(record, new Deaths(0, died.stage()));
      Deaths now = before;
      if (died.alone()) {
        int inARow = before.stage() == died.stage() ? before.alone() : 0;
        now = new Deaths(inARow + 1, died.stage());
      }
      deaths.put(record, now);
      LOG.warn(
          "The process ended with {} in work, stage {}, {}: it is {}",
          record.source(),
          died.stage().word(),
          died.alone() ? "and nothing else" : "among others",
          now.alone() >= DEATHS_ALONE ? "rejected" : "decoded and inferred alone");
    }
  }

  /**
   * Resets a record's count: the process survived a stage of this record while it was alone in
   * work, so the record did not cause the deaths there.
   *
   * @return whether the count has changed
   */
  boolean survived(RejectionStage stage, NotedRecord record) {
    Deaths known = deaths.get(record);
    if (known == null || known.alone() == 0 || known.stage() != stage) {
      return false;
    }
    deaths.put(record, new Deaths(0, stage));
    return true;
  }

  /** Replaces a folder's suspects, atomically. */
  void write(Path folder) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(FORMAT);
    deaths.entrySet().stream()
        .skip(Math.max(0, deaths.size() - MAX_SUSPECTS))
        .map(
            entry ->
                "%d %s %s"
                    .formatted(
                        entry.getValue().alone(),
                        entry.getValue().stage().word(),
                        entry.getKey().line()))
        .forEach(lines::add);
    Path written = folder.resolve(FILE + ".new");
    Files.write(written, lines, UTF_8);
    Files.move(
        written,
        folder.resolve(FILE),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  boolean contains(NotedRecord record) {
    return deaths.containsKey(record);
  }

  /** The stage in which a record alone ended the process often enough to be rejected. */
  Optional<RejectionStage> endedAt(NotedRecord record) {
    return Optional.ofNullable(deaths.get(record))
        .filter(known -> known.alone() >= DEATHS_ALONE)
        .map(Deaths::stage);
  }
}
