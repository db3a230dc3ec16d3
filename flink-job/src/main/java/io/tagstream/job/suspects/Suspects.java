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
 * The records that were in work when a process died, and how often in a row it died in one stage
 * while one of them was alone in work. They are kept, for a record may come again more than once.
 *
 * <p>As a file: a line that names the format, then a line each: the deaths in a row, the stage, the
 * record.
 */
final class Suspects {
  /**
   * Once may be a kill from outside that came at this moment. Twice in a row at the same record, in
   * the same stage, is taken for the record's doing.
   */
  static final int DEATHS_ALONE = 2;

  private static final Logger LOG = LoggerFactory.getLogger(Suspects.class);
  private static final String FILE = "suspects";
  private static final String FORMAT = "tagstream suspects 1";

  /** Many deaths' worth; then the oldest are forgotten. */
  private static final int MOST = 20_000;

  private final Map<NotedRecord, Deaths> deaths = new LinkedHashMap<>();

  /**
   * What is known of a record.
   *
   * @param alone how often in a row the process died in this stage while nothing else was in work
   * @param stage where it was when the process died last
   */
  private record Deaths(int alone, RejectionStage stage) {}

  /** What a folder holds; nothing where it cannot be read, which is logged. */
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
      LOG.warn("{} is passed over: {}", file, e.toString());
    }
    return suspects;
  }

  private void parse(String line) throws IOException {
    String[] words = line.split(" ", 3);
    if (words.length != 3 || !words[0].matches("\\d{1,9}")) {
      throw new IOException("no suspect: " + line);
    }
    deaths.put(
        NotedRecord.parse(words[2]),
        new Deaths(Integer.parseInt(words[0]), NoteFile.stage(words[1])));
  }

  /** Takes in what a process that died had in work. */
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
   * The process lived on after a stage of a record that was alone in work: its deaths there were
   * not the record's doing.
   *
   * @return whether that changes what is known
   */
  boolean survived(RejectionStage stage, NotedRecord record) {
    Deaths known = deaths.get(record);
    if (known == null || known.alone() == 0 || known.stage() != stage) {
      return false;
    }
    deaths.put(record, new Deaths(0, stage));
    return true;
  }

  /** Replaces what a folder holds. */
  void write(Path folder) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(FORMAT);
    deaths.entrySet().stream()
        .skip(Math.max(0, deaths.size() - MOST))
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

  /** Where the process ended at a record alone, if it did so often enough to reject it. */
  Optional<RejectionStage> endedAt(NotedRecord record) {
    return Optional.ofNullable(deaths.get(record))
        .filter(known -> known.alone() >= DEATHS_ALONE)
        .map(Deaths::stage);
  }
}
