package io.tagstream.settings;

import java.time.Duration;
import java.util.OptionalInt;

/** How topics are created; existing topics are checked against the same values. */
public record TopicSettings(
    @Setting(
            key = "topics.partitions",
            defaultValue = "4",
            min = "1",
            max = "10000",
            unit = "partitions",
            meaning = "Partitions of each topic except model-updates, which always has one.")
        int partitions,
    @Setting(
            key = "topics.replication",
            defaultValue = "auto",
            min = "1",
            max = "32767",
            unit = "copies",
            meaning = "Replicas of each partition; auto: the broker's default.")
        OptionalInt replication,
    @Setting(
            key = "topics.retention",
            defaultValue = "7 d",
            min = "1 min",
            meaning = "Records older than this are deleted, except in model-updates.")
        Duration retention,
    @Setting(
            key = "topics.retention-bytes",
            defaultValue = "10 GiB",
            // With less, one record of the largest size could displace the one before it.
            min = "64 MiB",
            meaning =
                "When a partition exceeds this size, its oldest records are deleted, except in model-updates.")
        DataSize retentionBytes) {}
