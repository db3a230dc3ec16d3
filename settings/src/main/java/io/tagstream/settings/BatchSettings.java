package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** How images are gathered into micro-batches for the engine. */
public record BatchSettings(
    @Setting(
            key = "batch.size",
            defaultValue = "32",
            min = "1",
            max = "1024",
            unit = "crops",
            meaning =
                "A micro-batch goes to the engine when it holds this many crops (one for each view of an image).")
        int size,
    @Setting(
            key = "batch.max-wait",
            defaultValue = "50 ms",
            min = "0 ms",
            max = "60 s",
            meaning =
                "A micro-batch that is not full goes to the engine this long after its first image, or as soon as the engine is free if that is later.")
        Duration maxWait)
    implements Serializable {}
