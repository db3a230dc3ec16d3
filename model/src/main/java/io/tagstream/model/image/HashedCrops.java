package io.tagstream.model.image;

/** What a first look at an image gives. */
public final class HashedCrops {
  private final byte[] crops;
  private final long differenceHash;

  HashedCrops(byte[] crops, long differenceHash) {
    this.crops = crops;
    this.differenceHash = differenceHash;
  }

  /** {@code [views][S][S][3]} RGB bytes, as {@link ImageDecoder#decode} gives them, no copy. */
  public byte[] crops() {
    return crops;
  }

  /** Of the whole picture: pictures that look alike differ in few of its 64 bits. */
  public long differenceHash() {
    return differenceHash;
  }
}
