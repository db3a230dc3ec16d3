package io.tagstream.job.inference;

import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.suspects.NotedRecord;
import io.tagstream.job.suspects.Notes;
import io.tagstream.job.threads.PatientWait;
import io.tagstream.job.threads.Watchdog;
import io.tagstream.job.threads.Watchdog.Limit;
import io.tagstream.model.LastingState;
import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.Gpu;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.engine.Processors;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.settings.InferenceSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine of one subtask and its two threads. Only the inference thread uses the engine that
 * serves: batches, swaps of the model and, on a CPU, the warm-up of the next model queue for this
 * thread, so a model is swapped between two batches and closed when nothing uses it any more.
 * Meanwhile the loading thread reads, verifies and warms up the next model.
 *
 * <p>The task's thread calls its methods; callbacks run on the worker's own threads.
 */
final class InferenceWorker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(InferenceWorker.class);

  /**
   * Share of one processor that background loading may use while a model serves. A job's first load
   * is twice the work, should take less than 10 s, and is not throttled.
   */
  private static final double LOADING_SHARE = 1.0 / 3;

  /** Is notified of models that were refused. */
  interface Refusals {
    /**
     * A model was refused.
     *
     * @param newReason whether the reason differs from the last refusal's
     * @param retry whether the caller should call {@link #reload} again after a pause
     */
    void refused(boolean newReason, boolean retry);
  }

  /** The result of a batch. */
  sealed interface BatchResult {}

  /**
   * @param images one result for each image
   */
  record Computed(String modelVersion, List<ImageResult> images, Instant predictedAt, Duration time)
      implements BatchResult {}

  /** The engine is broken, so no image of the batch has a result. */
  record Broken(InferenceFailedException failure) implements BatchResult {}

  private final LiveModels models;
  private final MicroBatching batching;
  private final CropGeometry geometry;
  private final Watchdog watchdog;
  private final Notes notes;
  private final Limit callLimit;
  private final Limit loadLimit;
  private final Refusals refusals;
  private final ExecutorService inference;
  private final ExecutorService loading;
  private final AtomicBoolean reloadQueued = new AtomicBoolean();
  private volatile boolean closing;
  private volatile String activeVersion = "";

  /** Used by the inference thread only; empty before the first model and after close. */
  private final List<Serving> serving = new ArrayList<>(1);

  /** The version loaded last. Used by the loading thread only, once started. */
  private String newest = "";

  private final LastingState refusal =
      new LastingState(LOG::error, "The live model cannot take over");

  /**
   * The version last refused for its crop, which a retry cannot change. Used by the loading thread
   * only.
   */
  private String unfit = "";

  /**
   * @param geometry the geometry of incoming images; a model that expects another is refused
   * @param watchdog watches each call into native code
   * @param notes records the images being computed
   */
  InferenceWorker(
      LiveModels models,
      MicroBatching batching,
      CropGeometry geometry,
      InferenceSettings limits,
      Watchdog watchdog,
      Notes notes,
      String subtask,
      ClassLoader classLoader,
      Refusals refusals) {
    this.models = models;
    this.batching = batching;
    this.geometry = geometry;
    this.watchdog = watchdog;
    this.notes = notes;
    this.callLimit = new Limit(limits.timeout(), "inference.timeout");
    this.loadLimit = new Limit(limits.loadTimeout(), "inference.load-timeout");
    this.refusals = refusals;
    inference = Executors.newSingleThreadExecutor(named("inference " + subtask, classLoader));
    loading = Executors.newSingleThreadExecutor(named("model loading " + subtask, classLoader));
  }

  private static ThreadFactory named(String name, ClassLoader classLoader) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      // Engines find their native libraries and services through it.
      thread.setContextClassLoader(classLoader);
      return thread;
    };
  }

  /**
   * Loads the live model and waits until it serves.
   *
   * @throws ModelException if it cannot
   */
  void start() throws InterruptedException {
    try {
      loading
          .submit(
              () -> {
                Serving first = load(models.liveVersion(), Throttle.none(), batching.maxImages());
                newest = first.version();
                inference.execute(() -> activate(first));
              })
          .get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ModelException cause) {
        throw new ModelException(cause.getMessage(), e);
      }
      throw new IllegalStateException("cannot load the live model: " + e.getCause(), e);
    }
  }

  /** The version that serves; empty before the first. Thread-safe. */
  String activeVersion() {
    return activeVersion;
  }

  /**
   * Queues a batch. {@code then} receives its result, unless the worker is closed first.
   *
   * @param images each of {@code [views][S][S][3]}
   */
  void infer(List<DecodedImage> images, Consumer<BatchResult> then) {
    inference.execute(
        () -> {
          if (!closing) {
            then.accept(compute(images));
          }
        });
  }

  private BatchResult compute(List<DecodedImage> images) {
    Serving current = serving.get(0);
    long start = System.nanoTime();
    try {
      List<ImageResult> results =
          notes.during(
              RejectionStage.INFERENCE,
              images.stream().map(NotedRecord::of).toList(),
              () -> current.compute(images));
      return new Computed(
          current.version(), results, Instant.now(), Duration.ofNanos(System.nanoTime() - start));
    } catch (Throwable e) {
      // Errors too: if this thread died silently, the task would wait for the batch indefinitely.
      return new Broken(
          e instanceof InferenceFailedException failure
              ? failure
              : new InferenceFailedException(
                  "model %s failed on a batch: %s".formatted(current.version(), e), e));
    }
  }

  /**
   * Reads {@code live} again in the background; calls while one is queued have no further effect.
   */
  void reload() {
    if (reloadQueued.compareAndSet(false, true)) {
      loading.execute(this::reloadNow);
    }
  }

  private void reloadNow() {
    // Before live is read: a change announced from here on may not be in the value read below.
    reloadQueued.set(false);
    if (closing) {
      return;
    }
    String version = "live";
    try {
      version = models.liveVersion();
      if (version.equals(newest)) {
        LOG.info("Model {} already serves", version);
        refusal.isOver();
        return;
      }
      Serving next = loadInBackground(version);
      newest = version;
      refusal.isOver();
      inference.execute(() -> activate(next));
    } catch (Throwable e) {
      // Errors too: the executor would swallow them, and no retry would follow.
      refuse(version, e);
    }
  }

  private void refuse(String version, Throwable cause) {
    // Retried without another message: a full device or a slow disk must not leave the subtasks on
    // different versions.
    boolean retry = !version.equals(unfit);
    boolean newReason =
        refusal.lasts(
            "model %s%s, %s continues to serve: %s"
                .formatted(
                    version,
                    retry ? " (retried every minute)" : "",
                    activeVersion,
                    cause instanceof ModelException ? cause.getMessage() : cause.toString()),
            cause);
    refusals.refused(newReason, retry);
  }

  /**
   * Loads a model while another serves. If a GPU was found, the new model warms up concurrently
   * with a full batch, to make sure that its memory suffices, and on one processor in case it
   * computes on the CPU. Without a GPU both models need the same processors: the warm-up of the new
   * model runs between the batches of the other, since two models that compute concurrently take
   * several times as long. One image is then enough, because an engine on a CPU allocates its
   * memory and prepares its code for whole batches when it is created.
   */
  private Serving loadInBackground(String version) {
    return Gpu.found().isEmpty()
        ? load(version, Throttle.share(LOADING_SHARE, inference), 1)
        : load(
            version,
            Throttle.share(LOADING_SHARE, pass -> Processors.take(1, pass::run)),
            batching.maxImages());
  }

  private Serving load(String version, Throttle throttle, int warmUpImages) {
    return watchdog.call(
        () -> "model %s has not finished loading".formatted(version),
        loadLimit,
        () -> loadNow(version, throttle, warmUpImages));
  }

  private Serving loadNow(String version, Throttle throttle, int warmUpImages) {
    unfit = "";
    LoadedModel model = models.load(version, throttle);
    try {
      CropGeometry wanted = CropGeometry.of(model.bundle().preprocessing());
      if (!wanted.equals(geometry)) {
        unfit = version;
        throw new ModelException(
            "model %s expects images of %s, but this job started with %s: restart the job to serve it"
                .formatted(version, wanted, geometry));
      }
      Engine engine = model.newEngine(batching.maxCrops());
      Serving loaded = new Serving(model, engine, geometry, batching.views(), watchdog, callLimit);
      warmUp(loaded, engine, throttle, warmUpImages);
      return loaded;
    } catch (Throwable e) {
      model.close();
      throw e;
    }
  }

  private static void warmUp(Serving loaded, Engine engine, Throttle throttle, int images) {
    try {
      throttle.pass(() -> loaded.warmUp(images));
    } catch (Throwable e) {
      engine.close();
      throw e;
    }
  }

  private void activate(Serving next) {
    if (closing) {
      next.close();
      return;
    }
    serving.add(0, next);
    activeVersion = next.version();
    LOG.info("Model {} serves now", next.version());
    retireAllBut(1);
  }

  private void retireAllBut(int kept) {
    while (serving.size() > kept) {
      Serving retired = serving.remove(serving.size() - 1);
      try {
        retired.close();
      } catch (Throwable e) {
        // Errors too: they would keep the other models from being closed.
        LOG.warn("Model {} could not be closed", retired.version(), e);
      }
    }
  }

  /**
   * Waits for the running batch and the running load, drops queued ones and closes every model. An
   * interrupt does not end the wait, because native memory would then be freed under a running
   * engine.
   */
  @Override
  public void close() {
    if (closing) {
      return;
    }
    closing = true;
    // The loading thread first: it hands models to the inference thread.
    PatientWait.forEnd(loading);
    inference.execute(() -> retireAllBut(0));
    PatientWait.forEnd(inference);
  }
}
