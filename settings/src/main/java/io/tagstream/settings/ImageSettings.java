package io.tagstream.settings;

import java.io.Serializable;

/** What a picture may cost before a pixel of it is allocated. */
public record ImageSettings(
    @Setting(
            key = "image.max-bytes",
            defaultValue = "20 MiB",
            min = "1 KiB",
            // A topic lets 21 MiB through and its rejection 22 MiB.
            max = "20 MiB",
            meaning = "Largest encoded picture; a larger one is rejected with stage limit.")
        DataSize maxBytes,
    @Setting(
            key = "image.max-pixels",
            defaultValue = "64000000",
            min = "1",
            max = "1000000000",
            unit = "pixels",
            meaning =
                "Largest width times height; a larger picture is rejected with stage limit, unread.")
        long maxPixels)
    implements Serializable {}
