package io.tagstream.producers;

import io.tagstream.schemas.Image;
import io.tagstream.settings.DataSize;
import io.tagstream.settings.Progress;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Sends files in order and reports each one that was not sent. */
final class ImageUpload {
  private final RecordSender<Image> sender;
  private final Pace pace;
  private final Progress progress;
  private final boolean labeled;
  private final String idPrefix;
  private final DataSize largest;

  // The producer's thread counts too.
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong unsent = new AtomicLong();

  /**
   * @param labeled whether each record gets its folder's name as label
   * @param largest a larger file is skipped without being read
   */
  ImageUpload(
      RecordSender<Image> sender,
      Pace pace,
      Progress progress,
      boolean labeled,
      String idPrefix,
      DataSize largest) {
    this.sender = sender;
    this.pace = pace;
    this.progress = progress;
    this.labeled = labeled;
    this.idPrefix = idPrefix;
    this.largest = largest;
  }

  /** Images that the broker has acknowledged. */
  long sent() {
    return sent.get();
  }

  /** Files that were skipped or refused. */
  long unsent() {
    return unsent.get();
  }

  /**
   * Sends all files {@code repeat} times. Returns early when the pace is stopped.
   *
   * @throws UserException when the broker no longer accepts records
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

  /** Counts and reports a file that is not sent. */
  void skip(String name, String reason) {
    unsent.incrementAndGet();
    progress.message("tagstream: not sent: %s: %s".formatted(name, reason));
    progress.advance(1);
  }

  private void send(ImageFile file, String id) {
    try {
      long size = Files.size(file.path());
      if (size > largest.bytes()) {
        skip(
            file.path().toString(),
            "%d bytes, but a request may have at most %s".formatted(size, largest));
        return;
      }
      sender.send(labeled ? file.readLabeled(id) : file.read(id), new Outcome(file));
    } catch (IOException e) {
      skip(file.path().toString(), ReadFailure.reason(e));
    } catch (IllegalArgumentException e) {
      skip(file.path().toString(), e.getMessage());
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
      skip(file.path().toString(), reason);
    }
  }
}
