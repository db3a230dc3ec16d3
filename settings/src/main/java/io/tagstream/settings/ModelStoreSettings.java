package io.tagstream.settings;

import java.io.Serializable;

/** How many versions a model store keeps. */
public record ModelStoreSettings(
    @Setting(
            key = "models.keep",
            defaultValue = "4",
            min = "2",
            max = "1000",
            unit = "versions",
            meaning =
                "Versions that are kept when a training adds one: the live version, the newest candidate, then the versions that were live before, latest first. Versions that a job uses are kept in addition.")
        int keep)
    implements Serializable {}
