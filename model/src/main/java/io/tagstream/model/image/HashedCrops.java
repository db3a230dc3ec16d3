package io.tagstream.model.image;

/** An image's crops, with the hash of the whole image. */
public final class HashedCrops {
  private final byte[] crops;
  private final long differenceHash;

  HashedCrops(byte[] crops, long differenceHash) {
    this.crops = crops;
    this.differenceHash = differenceHash;
  }

  /** {@code [views][S][S][3]} RGB bytes, as returned by {@link ImageDecoder#decode}; not a copy. */
  public byte[] crops() {
    return crops;
  }

  /** The hash of the whole image: similar images differ in few of its 64 bits. */
  public long differenceHash() {
    return differenceHash;
  }
}
