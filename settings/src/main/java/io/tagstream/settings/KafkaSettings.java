package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** How the job meets a Kafka that does not answer. Not handed on to its clients. */
public record KafkaSettings(
    @Setting(
            key = "kafka.outage",
            defaultValue = "1 h",
            min = "1 s",
            max = "24 h",
            meaning =
                "How long the job waits for a Kafka that does not answer before it ends. Waiting is no failure that restart.attempts counts. What is not committed when transaction.timeout.ms has passed is lost all the same.")
        Duration outage)
    implements Serializable {}
