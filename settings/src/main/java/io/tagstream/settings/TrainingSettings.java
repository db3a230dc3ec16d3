package io.tagstream.settings;

import java.time.Duration;
import java.util.OptionalInt;

/** What a training may take, of images, time and the machine. */
public record TrainingSettings(
    @Setting(
            key = "training.image-steps",
            defaultValue = "auto",
            min = "1",
            unit = "images",
            meaning =
                "Images that recipe small-data shows the network, each time counted; fine-tune takes"
                    + " a third. auto: 48000 in train, 24000 in a running job.")
        OptionalInt imageSteps,
    @Setting(
            key = "training.max-minutes",
            defaultValue = "20",
            min = "1",
            max = "100000",
            unit = "minutes",
            meaning =
                "Time that a training may take, measuring included: what the first steps reach cuts"
                    + " the number of images, once and for the run.")
        int maxMinutes,
    @Setting(
            key = "training.step-timeout",
            defaultValue = "30 min",
            min = "10 s",
            max = "24 h",
            meaning =
                "A training in a running job that does not get on for this long, by a step or an image,"
                    + " hangs: the process ends with exit code 1, and the next start goes on with it.")
        Duration stepTimeout,
    @Setting(
            key = "training.threads",
            defaultValue = "auto",
            min = "1",
            max = "1024",
            unit = "threads",
            meaning =
                "Threads that compute a training. auto: one a core in train, half the cores in a"
                    + " running job.")
        OptionalInt threads,
    @Setting(
            key = "training.towers",
            defaultValue = "1",
            min = "1",
            max = "2",
            meaning =
                "2 trains the halves of the network beside each other as the paper did, each with half"
                    + " the threads and one at least, which is no faster.")
        int towers,
    @Setting(
            key = "training.memory",
            defaultValue = "3 GiB",
            min = "256 MiB",
            max = "1 TiB",
            meaning =
                "Memory of a training outside the heap; a batch that needs more passes in parts.")
        DataSize memory,
    @Setting(
            key = "training.min-per-class",
            defaultValue = "10",
            min = "1",
            max = "1000000",
            unit = "images",
            meaning = "A new class with fewer readable images waits.")
        int minPerClass,
    @Setting(
            key = "lrn.scope",
            defaultValue = "all",
            meaning =
                "Which maps a new network normalises together: all of them, or those of each tower,"
                    + " a half, by itself as on the paper's two GPUs. One with a parent keeps the"
                    + " parent's.")
        LrnScope lrnScope) {

  /** Which maps are normalised together. */
  public enum LrnScope {
    ALL,
    TOWER
  }
}
