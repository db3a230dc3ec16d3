package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** How the job behaves in an outage of Kafka. Not passed on to Kafka's clients. */
public record KafkaSettings(
    @Setting(
            key = "kafka.outage",
            defaultValue = "1 h",
            min = "1 s",
            max = "24 h",
            meaning =
                "The longest outage of Kafka that the job waits out; after it the job ends. Waiting does not count towards restart.attempts. A transaction that is not committed within transaction.timeout.ms is lost regardless.")
        Duration outage)
    implements Serializable {}
