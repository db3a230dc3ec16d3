package io.tagstream.settings;

import java.io.Serializable;
import java.time.Duration;

/** Limits on an image, all but the time checked before its pixels are allocated. */
public record ImageSettings(
    @Setting(
            key = "image.max-bytes",
            defaultValue = "20 MiB",
            min = "1 KiB",
            // The images topic allows records of 21 MiB, rejected-images 22 MiB.
            max = "20 MiB",
            meaning = "Largest encoded image; a larger one is rejected with stage limit.")
        DataSize maxBytes,
    @Setting(
            key = "image.max-pixels",
            defaultValue = "64000000",
            min = "1",
            max = "1000000000",
            unit = "pixels",
            meaning =
                "Largest width times height; a larger image is rejected with stage limit, without being decoded.")
        long maxPixels,
    @Setting(
            key = "image.memory",
            defaultValue = "1 GiB",
            min = "16 MiB",
            max = "1 TiB",
            meaning =
                "Memory outside the heap for all images being decoded in a process, estimated from their headers. An image waits until enough is free; one that alone needs more is rejected with stage limit. 12 bytes for each of image.max-pixels are enough for any image except some TIFFs.")
        DataSize memory,
    @Setting(
            key = "image.decode-timeout",
            defaultValue = "30 s",
            min = "10 ms",
            max = "1 h",
            meaning =
                "Processor time that decoding an image may take; one that takes longer is rejected with stage limit. Its decoding continues in the background until it ends; the process fails when more such decodings run than there are processors.")
        Duration decodeTimeout)
    implements Serializable {}
