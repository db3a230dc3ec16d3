package io.tagstream.producers;

import io.tagstream.schemas.Image;
import io.tagstream.settings.DataSize;
import io.tagstream.settings.Progress;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sends files, in order, and names each one that could not be sent.
 *
 * @param largest a file beyond this is not even read
 */
record ImageUpload(
    RecordSender<Image> sender,
    Pace pace,
    Progress progress,
    boolean labeled,
    String idPrefix,
    DataSize largest,
    AtomicLong sent,
    AtomicLong unsent) {

  ImageUpload(
      RecordSender<Image> sender,
      Pace pace,
      Progress progress,
      boolean labeled,
      String idPrefix,
      DataSize largest) {
    this(sender, pace, progress, labeled, idPrefix, largest, new AtomicLong(), new AtomicLong());
  }

  /**
   * Sends all files {@code repeat} times. Returns early when the pace is stopped.
   *
   * @throws UserException when the broker takes no more records
   */
  void run(List<ImageFile> files, int repeat) {
    for (int round = 1; round <= repeat; round++) {
      for (ImageFile file : files) {
        if (!pace.awaitTurn()) {
          return;
        }
        send(file, idPrefix + file.name() + (round == 1 ? "" : "#" + round));
      }
    }
  }

  /** Counts and names a file that is not sent. */
  void passOver(String name, String reason) {
    unsent.incrementAndGet();
    progress.message("tagstream: not sent: %s: %s".formatted(name, reason));
    progress.advance(1);
  }

  private void send(ImageFile file, String id) {
    try {
      long size = Files.size(file.path());
      if (size > largest.bytes()) {
        passOver(
            file.path().toString(),
            "%d bytes, and a request holds at most %s".formatted(size, largest));
        return;
      }
      sender.send(labeled ? file.readLabeled(id) : file.read(id), new Outcome(file));
    } catch (IOException e) {
      passOver(file.path().toString(), Reasons.of(e));
    } catch (IllegalArgumentException e) {
      passOver(file.path().toString(), e.getMessage());
    }
  }

  private final class Outcome implements RecordSender.Outcome {
    private final ImageFile file;

    Outcome(ImageFile file) {
      this.file = file;
    }

    @Override
    public void acknowledged() {
      sent.incrementAndGet();
      progress.advance(1);
    }

    @Override
    public void refused(String reason) {
      passOver(file.path().toString(), reason);
    }
  }
}
