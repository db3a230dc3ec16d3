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
 * The records that one thread has in work, in a file that stays locked while the process lives. The
 * operating system holds what was written, so it outlives the process, but not a crash of the
 * machine.
 *
 * <p>The format is text: {@code decode} or {@code inference}, followed by {@code alone} if nothing
 * else was in work; one line per record; an empty line, after which everything is ignored.
 */
final class NoteFile implements AutoCloseable {
  static final String SUFFIX = ".notes";
  private static final String ALONE = " alone";
  private static final byte[] NOTHING = {'\n'};

  private final Path path;

  /**
   * Not a {@code FileChannel}, which closes and releases its lock when Flink interrupts the task.
   */
  private final RandomAccessFile file;

  /** The records that a dead process had in work. */
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
        throw new IOException("another process has locked " + path);
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

  /** Replaces the noted records. */
  void write(RejectionStage stage, boolean alone, List<NotedRecord> records) throws IOException {
    StringBuilder text = new StringBuilder(stage.word()).append(alone ? ALONE : "").append('\n');
    records.forEach(record -> text.append(record.line()).append('\n'));
    write(text.append('\n').toString().getBytes(UTF_8));
  }

  /** Records that nothing is in work. */
  void clear() throws IOException {
    write(NOTHING);
  }

  private void write(byte[] text) throws IOException {
    file.seek(0);
    file.write(text);
  }

  /**
   * Reads the file of a dead process.
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

  /** The stage of a word, which is one of the two that are noted. */
  static RejectionStage stage(String word) {
    return word.equals(RejectionStage.INFERENCE.word())
        ? RejectionStage.INFERENCE
        : RejectionStage.DECODE;
  }

  /** Deletes the file: nothing is in work any more. */
  @Override
  public void close() throws IOException {
    try {
      Files.deleteIfExists(path);
    } finally {
      file.close();
    }
  }
}
