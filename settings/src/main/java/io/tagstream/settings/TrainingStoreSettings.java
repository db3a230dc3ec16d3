package io.tagstream.settings;

import java.io.Serializable;

/** How many images the training store keeps. */
public record TrainingStoreSettings(
    @Setting(
            key = "training.keep",
            defaultValue = "100000",
            min = "100",
            max = "100000000",
            unit = "images",
            meaning =
                "When a run starts and the training store holds more images than this, its oldest files are deleted, except those that an unfinished run reads. An image counts once, however often it was labelled.")
        int keep)
    implements Serializable {}
