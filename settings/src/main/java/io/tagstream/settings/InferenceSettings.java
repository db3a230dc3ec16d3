package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** How long an engine may take before the process is ended. */
public record InferenceSettings(
    @Setting(
            key = "inference.timeout",
            defaultValue = "2 min",
            min = "1 s",
            max = "24 h",
            meaning =
                "An engine that has not answered a batch for this long hangs: the process ends with"
                    + " exit code 1, and the next start resumes from the last checkpoint.")
        Duration timeout,
    @Setting(
            key = "inference.load-timeout",
            defaultValue = "10 min",
            min = "1 s",
            max = "24 h",
            meaning =
                "The same for a model that is loaded, verified and warmed up, which takes longer"
                    + " beside one that serves.")
        Duration loadTimeout)
    implements Serializable {}
