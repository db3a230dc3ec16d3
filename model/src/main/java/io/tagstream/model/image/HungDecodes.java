package io.tagstream.model.image;

/** How many decodes are over their time and have not ended. */
final class HungDecodes {
  /** Of all decoders in the process. As many as there are processors would leave none. */
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
   * Returns while there are few.
   *
   * @throws HungDecodersException when there are too many
   */
  synchronized void requireFew() {
    if (count > most) {
      throw new HungDecodersException(
          "%d images are over image.decode-timeout and their decoding has not ended"
              .formatted(count));
    }
  }
}
