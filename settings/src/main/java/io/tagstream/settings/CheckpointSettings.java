package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** When the job takes its snapshots, which is also when predictions become visible. */
public record CheckpointSettings(
    @Setting(
            key = "checkpoint.interval",
            defaultValue = "5 s",
            min = "100 ms",
            max = "1 h",
            meaning =
                "Time between checkpoints; a committed reader sees predictions this late at worst.")
        Duration interval,
    @Setting(
            key = "checkpoint.min-pause",
            defaultValue = "100 ms",
            min = "0 ms",
            max = "1 h",
            meaning = "Time that passes after a checkpoint before the next one starts.")
        Duration minPause,
    @Setting(
            key = "checkpoint.timeout",
            defaultValue = "2 min",
            min = "1 s",
            max = "1 h",
            meaning = "A checkpoint that takes longer is given up.")
        Duration timeout,
    @Setting(
            key = "checkpoint.tolerable-age",
            defaultValue = "10 min",
            min = "1 s",
            max = "30 d",
            meaning =
                "A job in this process that completes no checkpoint for this long ends with exit code 1, so that whoever started it starts it again; time without Kafka does not count, up to kafka.outage.")
        Duration tolerableAge)
    implements Serializable {

  public CheckpointSettings {
    if (minPause.compareTo(interval) > 0) {
      throw new IllegalArgumentException(
          "checkpoint.min-pause (%s) is longer than checkpoint.interval (%s): predictions would appear later than the interval says; raise the interval or lower the pause"
              .formatted(DurationText.format(minPause), DurationText.format(interval)));
    }
    if (tolerableAge.compareTo(interval) <= 0) {
      throw new IllegalArgumentException(
          "checkpoint.tolerable-age (%s) is not longer than checkpoint.interval (%s): the job would end before its next checkpoint; raise the one or lower the other"
              .formatted(DurationText.format(tolerableAge), DurationText.format(interval)));
    }
  }
}
