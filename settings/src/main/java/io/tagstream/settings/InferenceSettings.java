package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** Time limits for calls of an engine. */
public record InferenceSettings(
    @Setting(
            key = "inference.timeout",
            defaultValue = "2 min",
            min = "1 s",
            max = "24 h",
            meaning =
                "An engine that has not computed a micro-batch for this long is considered hung: the process ends with exit code 1, and the next start resumes from the last checkpoint.")
        Duration timeout,
    @Setting(
            key = "inference.load-timeout",
            defaultValue = "10 min",
            min = "1 s",
            max = "24 h",
            meaning =
                "The same limit for loading, verifying and warming up a model, which takes longer while another model serves.")
        Duration loadTimeout)
    implements Serializable {}
