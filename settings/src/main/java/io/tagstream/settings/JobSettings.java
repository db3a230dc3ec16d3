package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** The job's sources and restarts. */
public record JobSettings(
    @Setting(
            key = "source.idle-after",
            defaultValue = "5 s",
            min = "100 ms",
            max = "1 h",
            meaning =
                "A partition without records for this long counts as idle and no longer holds back event time.")
        Duration sourceIdleAfter,
    @Setting(
            key = "restart.attempts",
            defaultValue = "10",
            min = "0",
            max = "1000",
            unit = "restarts",
            meaning =
                "Number of restarts after failures; after the last one the job fails and the process ends.")
        int restartAttempts,
    @Setting(
            key = "restart.initial-delay",
            defaultValue = "1 s",
            min = "1 ms",
            max = "1 h",
            meaning = "Wait before the first restart; it doubles with each further restart.")
        Duration restartInitialDelay,
    @Setting(
            key = "restart.max-delay",
            defaultValue = "1 min",
            min = "1 ms",
            max = "24 h",
            meaning = "Longest wait before a restart.")
        Duration restartMaxDelay)
    implements Serializable {

  public JobSettings {
    if (restartMaxDelay.compareTo(restartInitialDelay) < 0) {
      throw new IllegalArgumentException(
          "restart.max-delay (%s) is shorter than restart.initial-delay (%s): the first restart would exceed the longest wait; raise the one or lower the other"
              .formatted(
                  DurationText.format(restartMaxDelay), DurationText.format(restartInitialDelay)));
    }
  }
}
