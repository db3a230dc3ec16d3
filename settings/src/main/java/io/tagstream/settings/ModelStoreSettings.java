package io.tagstream.settings;

import java.io.Serializable;

/** How much of a model store stays. */
public record ModelStoreSettings(
    @Setting(
            key = "models.keep",
            defaultValue = "4",
            min = "2",
            max = "1000",
            unit = "versions",
            meaning =
                "Versions that stay when a training adds one: the live one, the newest candidate,"
                    + " and for the rest those that were live before, latest first. What a job"
                    + " uses stays besides.")
        int keep)
    implements Serializable {}
