package io.tagstream.settings;

import java.time.Duration;
import java.util.OptionalInt;

/** How topics are created; an existing topic is checked against the same. */
public record TopicSettings(
    @Setting(
            key = "topics.partitions",
            defaultValue = "4",
            min = "1",
            max = "10000",
            unit = "partitions",
            meaning = "Partitions of each topic but model-updates, which always has one.")
        int partitions,
    @Setting(
            key = "topics.replication",
            defaultValue = "auto",
            min = "1",
            max = "32767",
            unit = "copies",
            meaning = "Copies of each partition; auto leaves it to the broker.")
        OptionalInt replication,
    @Setting(
            key = "topics.retention",
            defaultValue = "7 d",
            min = "1 min",
            meaning = "Records older than this are deleted; model-updates keeps all.")
        Duration retention,
    @Setting(
            key = "topics.retention-bytes",
            defaultValue = "10 GiB",
            // Below this, one largest record could push out the one before it.
            min = "64 MiB",
            meaning =
                "The oldest records of a partition are deleted beyond this; model-updates keeps"
                    + " all.")
        DataSize retentionBytes) {}
