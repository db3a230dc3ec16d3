package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** When the job takes checkpoints; each one commits the predictions made since the last. */
public record CheckpointSettings(
    @Setting(
            key = "checkpoint.interval",
            defaultValue = "5 s",
            min = "100 ms",
            max = "1 h",
            meaning =
                "Time between checkpoints. A read-committed consumer sees a prediction after the next checkpoint, so at worst this late.")
        Duration interval,
    @Setting(
            key = "checkpoint.min-pause",
            defaultValue = "100 ms",
            min = "0 ms",
            max = "1 h",
            meaning = "Minimum time between the end of a checkpoint and the start of the next one.")
        Duration minPause,
    @Setting(
            key = "checkpoint.timeout",
            defaultValue = "2 min",
            min = "1 s",
            max = "1 h",
            meaning = "A checkpoint that takes longer is abandoned.")
        Duration timeout,
    @Setting(
            key = "checkpoint.tolerable-age",
            defaultValue = "10 min",
            min = "1 s",
            max = "30 d",
            meaning =
                "A job in this process that completes no checkpoint for this long ends with exit code 1, so that its supervisor can restart it. An outage of Kafka does not count, up to kafka.outage.")
        Duration tolerableAge)
    implements Serializable {

  public CheckpointSettings {
    if (minPause.compareTo(interval) > 0) {
      throw new IllegalArgumentException(
          "checkpoint.min-pause (%s) is longer than checkpoint.interval (%s): predictions would become visible later than the interval promises; raise the interval or lower the pause"
              .formatted(DurationText.format(minPause), DurationText.format(interval)));
    }
    if (tolerableAge.compareTo(interval) <= 0) {
      throw new IllegalArgumentException(
          "checkpoint.tolerable-age (%s) is not longer than checkpoint.interval (%s): the job would end before its next checkpoint; raise the age or lower the interval"
              .formatted(DurationText.format(tolerableAge), DurationText.format(interval)));
    }
  }
}
