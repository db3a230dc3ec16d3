package io.tagstream.job.suspects;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.schemas.RejectionStage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class NotesTest {
  @TempDir private Path folder;

  private static NotedRecord record(long offset) {
    return new NotedRecord(new Coordinates("images", 3, offset), 1_000 + offset, 100);
  }

  private static List<NotedRecord> records(long from, long to) {
    return LongStream.range(from, to).mapToObj(NotesTest::record).toList();
  }

  /**
   * Simulates the death of the process: the files' content at that moment remains, and no lock is
   * held. Whatever the ended work wrote afterwards is undone.
   */
  private void die(RejectionStage stage, List<NotedRecord> inWork) throws IOException {
    Path suspects = folder.resolve("suspects");
    Path before = folder.resolve("suspects.before");
    try (Notes notes = Notes.open(folder)) {
      if (Files.exists(suspects)) {
        Files.copy(suspects, before);
      }
      notes.during(
          stage,
          inWork,
          () -> {
            try (Stream<Path> files = Files.list(folder)) {
              Path file = files.filter(path -> path.toString().endsWith(".notes")).findAny().get();
              Files.copy(file, folder.resolve("kept"));
            }
            return 1;
          });
    }
    Files.move(folder.resolve("kept"), folder.resolve("died.notes"));
    if (Files.exists(before)) {
      Files.move(before, suspects, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static List<NotedRecord> rejected(Notes notes) {
    return records(0, 20).stream().filter(record -> notes.endedAt(record).isPresent()).toList();
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void recordsInWorkAreSuspectedAndOneThatEndedTheProcessTwiceAloneIsRejected() throws Exception {
    die(RejectionStage.INFERENCE, records(5, 10));
    try (Notes notes = Notes.open(folder)) {
      assertThat(records(5, 10)).allMatch(notes::isSuspect);
      assertThat(rejected(notes)).isEmpty();
      assertThat(notes.isSuspect(record(10))).isFalse();
    }
    die(RejectionStage.INFERENCE, records(9, 10));
    try (Notes notes = Notes.open(folder)) {
      assertThat(rejected(notes)).isEmpty();
    }
    // A death while other records were in work does not count against a suspect.
    die(RejectionStage.DECODE, records(5, 10));
    try (Notes notes = Notes.open(folder)) {
      assertThat(rejected(notes)).isEmpty();
    }
    die(RejectionStage.INFERENCE, records(9, 10));
    die(RejectionStage.DECODE, records(7, 8));
    try (Notes notes = Notes.open(folder)) {
      assertThat(rejected(notes)).containsExactly(record(9));
      assertThat(notes.endedAt(record(9))).contains(RejectionStage.INFERENCE);
    }
    die(RejectionStage.DECODE, records(7, 8));
    try (Notes notes = Notes.open(folder)) {
      assertThat(rejected(notes)).containsExactly(record(7), record(9));
      assertThat(notes.endedAt(record(7))).contains(RejectionStage.DECODE);
    }
    assertThat(files()).containsExactly("lock", "suspects");
  }

  @Test
  void aDeathInAnotherStageRestartsTheCount() throws Exception {
    die(RejectionStage.DECODE, records(7, 9));
    die(RejectionStage.DECODE, records(7, 8));
    die(RejectionStage.INFERENCE, records(7, 8));
    try (Notes notes = Notes.open(folder)) {
      assertThat(rejected(notes)).isEmpty();
    }
    die(RejectionStage.INFERENCE, records(7, 8));
    try (Notes notes = Notes.open(folder)) {
      assertThat(notes.endedAt(record(7))).contains(RejectionStage.INFERENCE);
    }
  }

  @Test
  void survivingARecordAloneRestartsItsCount() throws Exception {
    die(RejectionStage.DECODE, records(7, 9));
    die(RejectionStage.DECODE, records(7, 8));
    try (Notes notes = Notes.open(folder)) {
      assertThat(notes.<Integer, IOException>during(RejectionStage.DECODE, records(7, 8), () -> 1))
          .isEqualTo(1);
    }
    die(RejectionStage.DECODE, records(7, 8));
    try (Notes notes = Notes.open(folder)) {
      assertThat(notes.isSuspect(record(7))).isTrue();
      assertThat(rejected(notes)).isEmpty();
    }
  }

  @Test
  void decodingDoesNotClearARecordAtWhichTheEngineDies() throws Exception {
    die(RejectionStage.INFERENCE, records(7, 9));
    die(RejectionStage.INFERENCE, records(7, 8));
    try (Notes notes = Notes.open(folder)) {
      assertThat(notes.<Integer, IOException>during(RejectionStage.DECODE, records(7, 8), () -> 1))
          .isEqualTo(1);
    }
    die(RejectionStage.INFERENCE, records(7, 8));
    try (Notes notes = Notes.open(folder)) {
      assertThat(notes.endedAt(record(7))).contains(RejectionStage.INFERENCE);
    }
  }

  @Test
  void theRecordOfARecreatedTopicIsNotSuspected() throws Exception {
    die(RejectionStage.DECODE, records(7, 8));
    try (Notes notes = Notes.open(folder)) {
      Coordinates place = record(7).source();
      assertThat(notes.isSuspect(record(7))).isTrue();
      assertThat(notes.isSuspect(new NotedRecord(place, 5, 100))).isFalse();
      assertThat(notes.isSuspect(new NotedRecord(place, 1_007, 101))).isFalse();
    }
  }

  @Test
  void finishedWorkLeavesNothing() throws Exception {
    try (Notes notes = Notes.open(folder)) {
      assertThat(notes.<Integer, IOException>during(RejectionStage.DECODE, records(0, 1), () -> 1))
          .isEqualTo(1);
      assertThatThrownBy(
              () ->
                  notes.during(
                      RejectionStage.DECODE,
                      records(0, 1),
                      () -> {
                        throw new IOException("damaged");
                      }))
          .hasMessage("damaged");
      try (Stream<Path> files = Files.list(folder)) {
        Path file = files.filter(path -> path.toString().endsWith(".notes")).findAny().get();
        Files.copy(file, folder.resolve("died.notes"));
      }
    }
    try (Notes notes = Notes.open(folder)) {
      assertThat(records(0, 8)).noneMatch(notes::isSuspect);
    }
  }

  @Test
  void aLivingThreadIsNotTakenForDead() throws Exception {
    try (Notes first = Notes.open(folder)) {
      first.during(
          RejectionStage.DECODE,
          records(1, 2),
          () -> {
            try (Notes second = Notes.open(folder)) {
              assertThat(second.isSuspect(record(1))).isFalse();
            }
            return 1;
          });
    }
  }

  @Test
  void recordsOfAnotherLivingProcessAreNotSuspected() throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                OtherProcess.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(other.getInputStream().read()).isEqualTo('!');
      try (Notes notes = Notes.open(folder)) {
        assertThat(notes.isSuspect(record(1))).isFalse();
      }
    } finally {
      other.destroyForcibly().waitFor();
    }
    try (Notes notes = Notes.open(folder)) {
      assertThat(notes.isSuspect(record(1))).isTrue();
    }
  }

  /** Works on a record until it is killed, like another TaskManager. */
  static final class OtherProcess {
    public static void main(String[] args) throws Exception {
      try (Notes notes = Notes.open(Path.of(args[0]))) {
        notes.during(
            RejectionStage.DECODE,
            records(1, 2),
            () -> {
              System.out.write('!');
              System.out.flush();
              new CountDownLatch(1).await();
              return 1;
            });
      }
    }
  }

  @Test
  void aSuspectHasTheProcessToItself() throws Exception {
    die(RejectionStage.DECODE, records(7, 9));
    BlockingQueue<String> order = new ArrayBlockingQueue<>(10);
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (Notes decoder = Notes.open(folder);
        Notes engine = Notes.open(folder)) {
      Thread batch =
          new Thread(
              () -> {
                try {
                  engine.during(
                      RejectionStage.INFERENCE,
                      records(0, 8),
                      () -> {
                        begun.countDown();
                        goOn.await();
                        order.add("batch");
                        return 1;
                      });
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      Thread suspect =
          new Thread(
              () -> {
                int unused =
                    decoder.<Integer, RuntimeException>during(
                        RejectionStage.DECODE,
                        records(7, 8),
                        () -> {
                          order.add("suspect");
                          return 1;
                        });
              });
      batch.start();
      begun.await();
      suspect.start();
      while (suspect.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      assertThat(order).isEmpty();
      goOn.countDown();
      batch.join();
      suspect.join();
    }
    assertThat(order).containsExactly("batch", "suspect");
  }

  @Test
  void malformedNotesAreRemovedAndDoNoHarm() throws Exception {
    Files.createDirectories(folder);
    Files.write(folder.resolve("empty.notes"), new byte[0]);
    Files.writeString(folder.resolve("other.notes"), "decode\nof another format\n\n");
    Files.writeString(folder.resolve("cut.notes"), "decode alone\nimages 3 7 10");
    // What may remain after a loss of power.
    Files.write(folder.resolve("zeros.notes"), new byte[4096]);
    Files.write(folder.resolve("bytes.notes"), new byte[] {(byte) 0xff, '\n', (byte) 0xfe});
    Files.writeString(folder.resolve("suspects"), "tagstream suspects 0\nwhatever\n", UTF_8);
    try (Notes notes = Notes.open(folder)) {
      assertThat(notes.isSuspect(record(1))).isFalse();
    }
    assertThat(files()).containsExactly("lock", "suspects");
    die(RejectionStage.DECODE, records(7, 8));
    try (Notes notes = Notes.open(folder)) {
      assertThat(notes.isSuspect(record(7))).isTrue();
    }
  }

  @Test
  void workIsDoneEvenIfNothingCanBeNoted() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    try (Notes notes = Notes.open(file.resolve("below"))) {
      assertThat(notes.<Integer, IOException>during(RejectionStage.DECODE, records(0, 1), () -> 1))
          .isEqualTo(1);
    }
  }
}
