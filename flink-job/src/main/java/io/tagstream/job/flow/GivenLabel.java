package io.tagstream.job.flow;

/**
 * A label that names its image by id, with the label's own record, which is rejected if the label
 * cannot be used. Mutable because Flink's POJO serializer requires it; never changed after
 * construction.
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
