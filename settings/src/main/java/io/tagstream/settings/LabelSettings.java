package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** How labels on the topic {@code labels} are joined with their images. */
public record LabelSettings(
    @Setting(
            key = "labels.retention",
            defaultValue = "24 h",
            min = "1 min",
            max = "365 d",
            meaning =
                "How long after an image its label may arrive if the label names it by id alone; at most the images topic's retention.ms. With retention.bytes an image may be deleted sooner: at its start the job warns of partitions where images were deleted, and labels for them are rejected.")
        Duration retention,
    @Setting(
            key = "labels.wait",
            defaultValue = "10 min",
            min = "100 ms",
            max = "24 h",
            meaning = "How long a label waits for an image that has not arrived yet.")
        Duration patience,
    @Setting(
            key = "labels.fetch-timeout",
            defaultValue = "2 min",
            min = "1 s",
            max = "1 h",
            meaning =
                "How long the broker may leave a read unanswered when the job reads images again, for labels and for rejections of stage inference, before the job fails and restarts. An outage does not count; see kafka.outage.")
        Duration fetchTimeout)
    implements Serializable {}
