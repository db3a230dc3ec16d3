package io.tagstream.settings;

import java.util.OptionalInt;

/** Parallelism of the operators, and their slots. */
public record ParallelismSettings(
    @Setting(
            key = "decode.parallelism",
            defaultValue = "auto",
            min = "1",
            max = "1024",
            unit = "operators",
            meaning = "Parallelism of decoding; auto: the job's parallelism.")
        OptionalInt decode,
    @Setting(
            key = "inference.parallelism",
            defaultValue = "auto",
            min = "1",
            max = "1024",
            unit = "operators",
            meaning = "Parallelism of inference; auto: 1, whose engine uses every core.")
        OptionalInt inference,
    @Setting(
            key = "slots.separate",
            defaultValue = "false",
            meaning =
                "Puts decoding and inference into separate slots, for a cluster with GPU machines; needs as many slots as the sum of both parallelisms.")
        boolean separateSlots) {}
