package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** How images are gathered for the engine. */
public record BatchSettings(
    @Setting(
            key = "batch.size",
            defaultValue = "32",
            min = "1",
            max = "1024",
            unit = "crops",
            meaning =
                "A batch goes to the engine when it holds this many crops (an image has as many as"
                    + " there are views).")
        int size,
    @Setting(
            key = "batch.max-wait",
            defaultValue = "50 ms",
            min = "0 ms",
            max = "60 s",
            meaning =
                "A batch that is not full goes to the engine this long after its own first image, or"
                    + " as soon as the engine is free if that is later.")
        Duration maxWait)
    implements Serializable {}
