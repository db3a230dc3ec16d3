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
        Duration timeout)
    implements Serializable {

  public CheckpointSettings {
    if (minPause.compareTo(interval) > 0) {
      throw new IllegalArgumentException(
          "checkpoint.min-pause (%s) is longer than checkpoint.interval (%s): predictions would appear later than the interval says; raise the interval or lower the pause"
              .formatted(DurationText.format(minPause), DurationText.format(interval)));
    }
  }
}
