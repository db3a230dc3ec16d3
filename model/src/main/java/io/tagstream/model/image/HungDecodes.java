package io.tagstream.model.image;

/** Counts the decodes that are over their timeout and still running. */
final class HungDecodes {
  /**
   * Shared by all decoders in the process. At the number of processors no processor would be left.
   */
  static final HungDecodes PROCESS =
      new HungDecodes(Math.max(4, Runtime.getRuntime().availableProcessors()));

  private final int most;
  private int count;

  HungDecodes(int most) {
    this.most = most;
  }

  synchronized void add() {
    count++;
  }

  synchronized void remove() {
    count--;
  }

  synchronized int count() {
    return count;
  }

  /**
   * @throws HungDecodersException if the limit is exceeded
   */
  synchronized void requireWithinLimit() {
    if (count > most) {
      throw new HungDecodersException(
          "%d images are over image.decode-timeout and their decoding has not ended"
              .formatted(count));
    }
  }
}
