package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** How labels that come on their own find their images. */
public record LabelSettings(
    @Setting(
            key = "labels.retention",
            defaultValue = "24 h",
            min = "1 min",
            max = "365 d",
            meaning =
                "How long after an image a label may come that names it by id alone; at most the"
                    + " images topic's own retention.ms. With retention.bytes an image may be gone"
                    + " sooner: the start warns of partitions where some are, and labels for them"
                    + " are rejected.")
        Duration retention,
    @Setting(
            key = "labels.wait",
            defaultValue = "10 min",
            min = "100 ms",
            max = "24 h",
            meaning = "How long a label waits for an image that has not come yet.")
        Duration patience,
    @Setting(
            key = "labels.fetch-timeout",
            defaultValue = "2 min",
            min = "1 s",
            max = "1 h",
            meaning =
                "How long the broker may give no answer to what is read again for labels, and for"
                    + " rejections of stage inference, before the job fails and restarts. Time in"
                    + " which it is away does not count; see kafka.outage.")
        Duration fetchTimeout)
    implements Serializable {}
