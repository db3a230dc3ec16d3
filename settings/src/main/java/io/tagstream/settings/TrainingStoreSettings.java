package io.tagstream.settings;

import java.io.Serializable;

/** How large the training store becomes. */
public record TrainingStoreSettings(
    @Setting(
            key = "training.keep",
            defaultValue = "100000",
            min = "100",
            max = "100000000",
            unit = "rows",
            meaning =
                "Beyond so many rows the training store's oldest files are deleted when a run"
                    + " starts, but none that an unfinished run reads.")
        int keep)
    implements Serializable {}
