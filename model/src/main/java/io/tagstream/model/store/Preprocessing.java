package io.tagstream.model.store;

import java.util.List;
import java.util.Objects;

/**
 * The preprocessing that a model expects. The decode operator resizes and crops; the rest is
 * applied next to the engine: {@code (byte * scale - mean[c]) / deviation[c]}, in the given channel
 * order.
 *
 * @param resize the shorter side after resizing, in pixels
 * @param crop S, the side of a crop in pixels
 * @param mean per channel, in the channel order, after scaling
 * @param deviation per channel, in the channel order, after scaling
 */
public record Preprocessing(
    int resize,
    int crop,
    ChannelOrder channelOrder,
    double scale,
    List<Double> mean,
    List<Double> deviation) {

  /** The order of the channels in the network's input. */
  public enum ChannelOrder {
    RGB,
    BGR
  }

  /** The named preprocessings of {@code --preprocessing}. */
  public enum Preset {
    /** {@link #tagstream(int)}. */
    TAGSTREAM,
    /** {@link #bvlc(int)}. */
    BVLC;

    /**
     * The preset for a network's input.
     *
     * @param crop S, the side of a crop in pixels
     */
    public Preprocessing preprocessing(int crop) {
      return switch (this) {
        case TAGSTREAM -> tagstream(crop);
        case BVLC -> bvlc(crop);
      };
    }
  }

  public Preprocessing {
    Objects.requireNonNull(channelOrder);
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
    if (crop < 1 || resize < crop) {
      throw new IllegalArgumentException("resize %d must hold crop %d".formatted(resize, crop));
    }
    if (mean.size() != 3 || deviation.size() != 3 || deviation.stream().anyMatch(d -> !(d > 0))) {
      throw new IllegalArgumentException(
          "mean and deviation need three numbers each, deviations above 0: " + mean + deviation);
    }
  }

  /**
   * The preprocessing of models trained by Tagstream: RGB scaled to 0 to 1, minus the training
   * images' mean, divided by their standard deviation. The shorter side has the paper's ratio to
   * the crop, 256 to 227.
   *
   * @param mean of red, green and blue, between 0 and 1
   * @param deviation of red, green and blue, between 0 and 1
   */
  public static Preprocessing tagstream(int crop, List<Double> mean, List<Double> deviation) {
    int resize = Math.toIntExact(Math.round(crop * 256 / 227.0));
    return new Preprocessing(resize, crop, ChannelOrder.RGB, 1 / 255.0, mean, deviation);
  }

  /** The same with ImageNet's mean and standard deviation, if none were computed. */
  public static Preprocessing tagstream(int crop) {
    return tagstream(crop, List.of(0.485, 0.456, 0.406), List.of(0.229, 0.224, 0.225));
  }

  /** BVLC's: BGR, 0-255, minus (104, 117, 123). */
  public static Preprocessing bvlc(int crop) {
    return new Preprocessing(
        256, crop, ChannelOrder.BGR, 1, List.of(104.0, 117.0, 123.0), List.of(1.0, 1.0, 1.0));
  }
}
