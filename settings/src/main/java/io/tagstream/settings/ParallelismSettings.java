package io.tagstream.settings;

import java.util.OptionalInt;

/** How many of each operator run, and on which slots. */
public record ParallelismSettings(
    @Setting(
            key = "decode.parallelism",
            defaultValue = "auto",
            min = "1",
            max = "1024",
            unit = "operators",
            meaning = "Operators that decode; auto takes the job's parallelism.")
        OptionalInt decode,
    @Setting(
            key = "inference.parallelism",
            defaultValue = "auto",
            min = "1",
            max = "1024",
            unit = "operators",
            meaning = "Operators that run the engine; auto takes one, which uses every core.")
        OptionalInt inference,
    @Setting(
            key = "slots.separate",
            defaultValue = "false",
            meaning =
                "Gives decoding and inference slots of their own, for a cluster with GPU machines;"
                    + " needs the sum of both parallelisms in slots.")
        boolean separateSlots) {}
