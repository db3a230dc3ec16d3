package io.tagstream.settings;

import java.time.Duration;
import java.util.OptionalInt;

/** Limits of a training: images, time, threads and memory. */
public record TrainingSettings(
    @Setting(
            key = "training.image-steps",
            defaultValue = "auto",
            min = "1",
            unit = "images",
            meaning =
                "Image presentations of recipe small-data, each epoch counting an image again; fine-tune takes a third. auto: 48000 in train, 24000 in a running job.")
        OptionalInt imageSteps,
    @Setting(
            key = "training.max-minutes",
            defaultValue = "20",
            min = "1",
            max = "100000",
            unit = "minutes",
            meaning =
                "Time that a training may take, evaluation included. The rate of the first steps decides, once for the run, how far the number of images is reduced.")
        int maxMinutes,
    @Setting(
            key = "training.step-timeout",
            defaultValue = "30 min",
            min = "10 s",
            max = "24 h",
            meaning =
                "A training in a running job that completes no step and no image for this long is considered hung: the process ends with exit code 1, and the next start resumes the training.")
        Duration stepTimeout,
    @Setting(
            key = "training.threads",
            defaultValue = "auto",
            min = "1",
            max = "1024",
            unit = "threads",
            meaning =
                "Threads of a training. auto: one for each core in train, half the cores in a running job.")
        OptionalInt threads,
    @Setting(
            key = "training.towers",
            defaultValue = "1",
            min = "1",
            max = "2",
            meaning =
                "2 trains the halves of the network concurrently, as the paper did, each with half the threads and at least one; it is no faster.")
        int towers,
    @Setting(
            key = "training.memory",
            defaultValue = "3 GiB",
            min = "256 MiB",
            max = "1 TiB",
            meaning =
                "Memory of a training outside the heap; a batch that needs more is computed in parts.")
        DataSize memory,
    @Setting(
            key = "training.min-per-class",
            defaultValue = "10",
            min = "1",
            max = "1000000",
            unit = "images",
            meaning = "A new class is not trained until it has this many readable images.")
        int minPerClass,
    @Setting(
            key = "lrn.scope",
            defaultValue = "all",
            meaning =
                "Which maps of a new network are normalised together: all of them, or the maps of each tower separately, as on the paper's two GPUs. A network with a parent keeps the parent's scope.")
        LrnScope lrnScope) {

  /** Which maps local response normalisation covers. */
  public enum LrnScope {
    ALL,
    TOWER
  }
}
