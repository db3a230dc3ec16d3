package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

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
        long maxPixels,
    @Setting(
            key = "image.memory",
            defaultValue = "1 GiB",
            min = "16 MiB",
            max = "1 TiB",
            meaning =
                "Memory outside the heap that all pictures being decoded in a process hold together, by what their headers say. A picture waits for its turn; one that alone takes more is rejected with stage limit. 12 bytes for each of image.max-pixels are enough for any picture but some TIFFs.")
        DataSize memory,
    @Setting(
            key = "image.decode-timeout",
            defaultValue = "30 s",
            min = "10 ms",
            max = "1 h",
            meaning =
                "Processor time that decoding a picture may take; one that takes longer is rejected with stage limit. Its decoding goes on beside until it ends; the process fails when there are more such than processors.")
        Duration decodeTimeout)
    implements Serializable {}
