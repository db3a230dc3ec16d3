package io.tagstream.job.flow;

/**
 * A label that names its image by id, with the record that brought it: if it cannot be used, that
 * is what is rejected. Flink's serializer needs the form; nothing changes one after it was made.
 */
public final class GivenLabel {
  public Coordinates source;
  public String imageId;
  public TrueLabel truth;

  /** The label record's value as received. */
  public byte[] value;

  /** For Flink's serializer. */
  public GivenLabel() {}

  public GivenLabel(Coordinates source, String imageId, TrueLabel truth, byte[] value) {
    this.source = source;
    this.imageId = imageId;
    this.truth = truth;
    this.value = value;
  }
}
