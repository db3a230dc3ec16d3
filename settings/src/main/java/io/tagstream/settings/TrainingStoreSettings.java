package io.tagstream.settings;

import java.io.Serializable;

/** How large the training store becomes. */
public record TrainingStoreSettings(
    @Setting(
            key = "training.keep",
            defaultValue = "100000",
            min = "100",
            max = "100000000",
            unit = "images",
            meaning =
                "Beyond so many images the training store's oldest files are deleted when a run"
                    + " starts, but none that an unfinished run reads. An image counts once,"
                    + " however often it was labelled.")
        int keep)
    implements Serializable {}
