package io.tagstream.job.retrain;

import io.tagstream.job.threads.Watchdog;
import io.tagstream.model.ModelException;
import io.tagstream.model.engine.Processors;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.RetrainStatus;
import io.tagstream.model.store.Verdict;
import io.tagstream.model.training.ClassSize;
import io.tagstream.model.training.LiveGate;
import io.tagstream.model.training.Trainer;
import io.tagstream.model.training.TrainingOptions;
import io.tagstream.model.training.TrainingProgress;
import io.tagstream.model.training.TrainingResources;
import io.tagstream.model.training.TrainingTask;
import io.tagstream.settings.TrainingSettings;
import io.tagstream.trainingstore.ImageCollection;
import io.tagstream.trainingstore.RetrainRun;
import io.tagstream.trainingstore.RunManifest;
import io.tagstream.trainingstore.TrainingStore;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Trains on a training store, starting from the version that was live when the run began. */
public final class StoredTraining implements Training {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(StoredTraining.class);

  /** Half of the default of {@code train}: the stream runs concurrently. */
  private static final int IMAGE_STEPS = 24_000;

  /** How many of the skipped images the log names. */
  private static final int MAX_NAMED = 10;

  private final URI images;
  private final URI models;
  private final String job;
  private final long imageSteps;
  private final Duration longest;
  private final int minPerClass;
  private final int minHeldOut;
  private final Duration stepTimeout;
  private final long memoryBytes;

  /**
   * Resolved on the machine that trains, which may be another than the one that submits the job.
   */
  private final boolean halfTheCores;

  private final int threads;
  private final int towers;

  /**
   * @param images the training store
   * @param models the model store
   * @param job the job's name
   * @param minHeldOut the least number of held-out images with which a candidate can replace the
   *     live version
   */
  public StoredTraining(
      Path images, Path models, String job, TrainingSettings settings, int minHeldOut) {
    this.job = job;
    this.images = images.toAbsolutePath().normalize().toUri();
    this.models = models.toAbsolutePath().normalize().toUri();
    imageSteps = settings.imageSteps().orElse(IMAGE_STEPS);
    longest = Duration.ofMinutes(settings.maxMinutes());
    minPerClass = settings.minPerClass();
    this.minHeldOut = minHeldOut;
    stepTimeout = settings.stepTimeout();
    memoryBytes = settings.memory().bytes();
    halfTheCores = settings.threads().isEmpty();
    threads = settings.threads().orElse(1);
    towers = settings.towers();
  }

  @Override
  public Optional<Verdict> judged(RetrainRun run) {
    ModelStore store = Engines.store(Path.of(models)).usedBy(job);
    return store.versions().contains(run.version())
        ? Optional.of(verdict(store, run))
        : Optional.empty();
  }

  private static Verdict verdict(ModelStore store, RetrainRun run) {
    return store
        .metadata(run.version())
        .verdict()
        .orElseThrow(() -> new ModelException(run.version() + " was written without a verdict"));
  }

  @Override
  public Verdict train(
      RetrainRun run, Consumer<RetrainStatus.Progress> progress, BooleanSupplier cancelled) {
    ModelStore store = Engines.store(Path.of(models)).usedBy(job);
    Trainer trainer =
        new Trainer(
            store,
            DirectTrainingStep.on(towers),
            new TrainingResources(threads(), memoryBytes),
            new LiveGate(store, minHeldOut));
    try (Watchdog.Watch watch =
        Watchdog.ofProcess()
            .watch(
                () -> "the training of %s made no progress".formatted(run.version()),
                new Watchdog.Limit(stepTimeout, "training.step-timeout"))) {
      Processors.take(
          threads(),
          () -> trainer.train(task(run, store), new Reports(progress, cancelled, watch)));
    }
    return verdict(store, run);
  }

  private int threads() {
    int wanted = halfTheCores ? Runtime.getRuntime().availableProcessors() / 2 : threads;
    return Math.max(towers, wanted);
  }

  TrainingTask task(RetrainRun run, ModelStore store) {
    TrainingStore rows = new TrainingStore(Path.of(images));
    RunManifest manifest =
        rows.runs()
            .find(run.version())
            .orElseThrow(() -> new ModelException("the run for " + run.version() + " is unknown"));
    ImageCollection collection = rows.read(manifest.files());
    List<String> unusable = collection.unusable();
    if (!unusable.isEmpty()) {
      LOG.warn(
          "Skipped {} images without content or a label: {}{}",
          unusable.size(),
          String.join(", ", unusable.subList(0, Math.min(MAX_NAMED, unusable.size()))),
          unusable.size() > MAX_NAMED ? " and others" : "");
    }
    return new TrainingTask(
        Optional.of(run.version()),
        // The training decides which classes are large enough, because it knows which images are
        // readable.
        collection.inClasses(store.open(run.parent()).labels()),
        true,
        Optional.empty(),
        rows.newTo(run.parent(), collection),
        rows.runs().find(run.parent()).isPresent(),
        TrainingOptions.defaults(run.version().hashCode())
            .within(imageSteps, longest)
            .withMinPerClass(minPerClass)
            .withParent(run.parent()));
  }

  /** Logs one line per epoch, and reports each step to the job. */
  static final class Reports implements TrainingProgress {
    private final Consumer<RetrainStatus.Progress> progress;
    private final BooleanSupplier cancelled;
    private final Watchdog.Watch watch;

    /** As of the previous epoch, because it is known only at the end of an epoch. */
    private double waiting;

    Reports(
        Consumer<RetrainStatus.Progress> progress,
        BooleanSupplier cancelled,
        Watchdog.Watch watch) {
      this.progress = progress;
      this.cancelled = cancelled;
      this.watch = watch;
    }

    @Override
    public boolean isCancelled() {
      watch.progressed();
      return cancelled.getAsBoolean();
    }

    @Override
    public void skipped(String place, String reason) {
      LOG.warn("Skipped {}: {}", place, reason);
    }

    @Override
    public void waits(ClassSize size, String shortage) {
      LOG.info("A class has too few images: {}", shortage);
    }

    @Override
    public void loses(List<String> labels) {
      LOG.warn("Lost, because the parent was trained on other images: {}", labels);
    }

    @Override
    public void start(int classes, int trainingImages, int validationImages, int skipped) {
      LOG.info(
          "{} classes, {} training images, {} held out, {} skipped",
          classes,
          trainingImages,
          validationImages,
          skipped);
    }

    @Override
    public void run(String version, String recipe, int epoch, long stepsDone) {
      LOG.info("{} by recipe {}, from epoch {}, step {}", version, recipe, epoch, stepsDone);
    }

    @Override
    public void features(long images, long of, double imagesPerSecond, Duration remaining) {
      watch.progressed();
    }

    @Override
    public void step(Step done) {
      watch.progressed();
      progress.accept(
          new RetrainStatus.Progress(
              done.epoch(),
              done.epochs(),
              done.imageSteps(),
              done.ofImageSteps(),
              done.imagesPerSecond(),
              done.loss(),
              waiting,
              done.remaining()));
    }

    @Override
    public void epoch(Epoch done) {
      watch.progressed();
      waiting = done.entry().waiting();
      LOG.info("{}", done.line());
    }
  }
}
