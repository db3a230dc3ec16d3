package io.tagstream.job.suspects;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.schemas.RejectionStage;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The records that one thread works on at the moment, in a file that is locked for as long as the
 * process lives. What was written is in the system's memory, so it outlives the process, though not
 * the machine.
 *
 * <p>As text: {@code decode} or {@code inference}, with {@code alone} behind it where nothing else
 * was in work; a line for each record; an empty line, behind which nothing counts.
 */
final class NoteFile implements AutoCloseable {
  static final String SUFFIX = ".notes";
  private static final String ALONE = " alone";
  private static final byte[] NOTHING = {'\n'};

  private final Path path;

  /** No {@code FileChannel}: that closes, and gives up its lock, when Flink interrupts the task. */
  private final RandomAccessFile file;

  /** What a process that died had in work. */
  record Content(RejectionStage stage, boolean alone, List<NotedRecord> records) {}

  private NoteFile(Path path, RandomAccessFile file) {
    this.path = path;
    this.file = file;
  }

  static NoteFile create(Path folder) throws IOException {
    Path path = folder.resolve(UUID.randomUUID() + SUFFIX);
    NoteFile created = new NoteFile(path, new RandomAccessFile(path.toFile(), "rw"));
    try {
      if (created.file.getChannel().tryLock() == null) {
        throw new IOException("somebody else has locked " + path);
      }
      return created;
    } catch (IOException | RuntimeException e) {
      created.close();
      throw e;
    }
  }

  Path path() {
    return path;
  }

  /** Notes records in the place of those before. */
  void write(RejectionStage stage, boolean alone, List<NotedRecord> records) throws IOException {
    StringBuilder text = new StringBuilder(stage.word()).append(alone ? ALONE : "").append('\n');
    records.forEach(record -> text.append(record.line()).append('\n'));
    write(text.append('\n').toString().getBytes(UTF_8));
  }

  /** The work is done. */
  void clear() throws IOException {
    write(NOTHING);
  }

  private void write(byte[] text) throws IOException {
    file.seek(0);
    file.write(text);
  }

  /**
   * What a process that died has left.
   *
   * @return empty while the process lives
   */
  static Optional<Content> read(Path path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      if (file.getChannel().tryLock() == null) {
        return Optional.empty();
      }
      return Optional.of(parse(Files.readString(path)));
    } catch (OverlappingFileLockException e) {
      return Optional.empty();
    }
  }

  private static Content parse(String text) throws IOException {
    List<String> lines = text.lines().takeWhile(line -> !line.isEmpty()).toList();
    String work = lines.isEmpty() ? "" : lines.get(0);
    List<NotedRecord> records = new ArrayList<>();
    for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
      records.add(NotedRecord.parse(line));
    }
    return new Content(stage(work.split(" ", 2)[0]), work.endsWith(ALONE), records);
  }

  /** Of the two that are noted. */
  static RejectionStage stage(String word) {
    return word.equals(RejectionStage.INFERENCE.word())
        ? RejectionStage.INFERENCE
        : RejectionStage.DECODE;
  }

  /** Removes the file: nothing is in work any more. */
  @Override
  public void close() throws IOException {
    try {
      Files.deleteIfExists(path);
    } finally {
      file.close();
    }
  }
}
