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
 * One subtask's engine and the two threads around it. The inference thread alone touches the engine
 * that serves: batches, changes of the model and, on a CPU, the first passes of the next one queue
 * for it, so that a model changes between two batches and is closed when nothing uses it any more.
 * The loading thread reads, verifies and warms up the next model meanwhile.
 *
 * <p>Its methods are called by the task's thread; what it is given to call back, it calls on its
 * own threads.
 */
final class InferenceWorker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(InferenceWorker.class);

  /**
   * Of a processor, for what loads beside a model that serves. A job's first load is twice the
   * work, and is to be over within 10 s.
   */
  private static final double LOADING_SHARE = 1.0 / 3;

  /** Hears of models that cannot take over. */
  interface Refusals {
    /**
     * A model was refused.
     *
     * @param anew for another reason than the time before
     * @param mayPass {@link #reload} is to be called again after a while
     */
    void refused(boolean anew, boolean mayPass);
  }

  /** What became of a batch. */
  sealed interface Outcome {}

  /**
   * @param answers one for each image
   */
  record Answered(String modelVersion, List<Answer> answers, Instant predictedAt, Duration time)
      implements Outcome {}

  /** The engine is broken. */
  record Failed(InferenceFailedException failure) implements Outcome {}

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

  /** The inference thread's own; empty before the first model and after the last. */
  private final List<Serving> serving = new ArrayList<>(1);

  /** The loading thread's own, once started: the newest version that was loaded. */
  private String newest = "";

  private final LastingState refusal =
      new LastingState(LOG::error, "The live model cannot take over");

  /** The loading thread's own: the version last refused for its crop, which no retry mends. */
  private String unfit = "";

  /**
   * @param geometry the pixels that will come; a model that wants others is refused
   * @param watchdog of calls into native code
   * @param notes of what is inferred
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
      // Engines find their natives and services through it.
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

  /** The version that answers now; empty before the first. Any thread may ask. */
  String activeVersion() {
    return activeVersion;
  }

  /**
   * Queues a batch. {@code then} hears what became of it, unless the worker is closed before.
   *
   * @param images each of {@code [views][S][S][3]}
   */
  void infer(List<DecodedImage> images, Consumer<Outcome> then) {
    inference.execute(
        () -> {
          if (!closing) {
            then.accept(answer(images));
          }
        });
  }

  private Outcome answer(List<DecodedImage> images) {
    Serving current = serving.get(0);
    long start = System.nanoTime();
    try {
      List<Answer> answers =
          notes.during(
              RejectionStage.INFERENCE,
              images.stream().map(NotedRecord::of).toList(),
              () -> current.answer(images));
      return new Answered(
          current.version(), answers, Instant.now(), Duration.ofNanos(System.nanoTime() - start));
    } catch (Throwable e) {
      // Errors too: a thread that dies in silence would leave the task waiting for ever.
      return new Failed(
          e instanceof InferenceFailedException failure
              ? failure
              : new InferenceFailedException(
                  "model %s failed on a batch: %s".formatted(current.version(), e), e));
    }
  }

  /** Reads {@code live} again, in the background; calls that come while one waits are one. */
  void reload() {
    if (reloadQueued.compareAndSet(false, true)) {
      loading.execute(this::reloadNow);
    }
  }

  private void reloadNow() {
    // First: a message that comes from here on may mean a value that is not read below.
    reloadQueued.set(false);
    if (closing) {
      return;
    }
    String version = "live";
    try {
      version = models.liveVersion();
      if (version.equals(newest)) {
        LOG.info("Model {} is live already", version);
        refusal.isOver();
        return;
      }
      Serving next = loadBeside(version);
      newest = version;
      refusal.isOver();
      inference.execute(() -> activate(next));
    } catch (Throwable e) {
      // Errors too: nobody else would hear of them, and nothing would try again.
      refuse(version, e);
    }
  }

  private void refuse(String version, Throwable cause) {
    // Without another message: a full device or a slow disk must not part the subtasks for days.
    boolean mayPass = !version.equals(unfit);
    boolean anew =
        refusal.lasts(
            "model %s%s, %s goes on serving: %s"
                .formatted(
                    version,
                    mayPass ? " (it is tried again each minute)" : "",
                    activeVersion,
                    cause instanceof ModelException ? cause.getMessage() : cause.toString()),
            cause);
    refusals.refused(anew, mayPass);
  }

  /**
   * Loads a model while another serves. Where there may be a GPU it warms up with a full batch,
   * whose memory it must have, beside the other, and on one processor in case it computes there.
   * Without one both need the same processors: then the passes of the new one go between the
   * batches of the other, since two that compute side by side take several times as long, and one
   * image is enough: an engine on a CPU has its memory and its code for whole batches when it is
   * made.
   */
  private Serving loadBeside(String version) {
    return Gpu.found().isEmpty()
        ? load(version, Throttle.share(LOADING_SHARE, inference), 1)
        : load(
            version,
            Throttle.share(LOADING_SHARE, pass -> Processors.take(1, pass::run)),
            batching.maxImages());
  }

  private Serving load(String version, Throttle throttle, int warmUpImages) {
    return watchdog.call(
        () -> "model %s has not been loaded".formatted(version),
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
            "model %s wants images of %s, but this job started with %s: restart the job to serve it"
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
    LOG.info("Model {} serves", next.version());
    retireAllBut(1);
  }

  private void retireAllBut(int kept) {
    while (serving.size() > kept) {
      Serving retired = serving.remove(serving.size() - 1);
      try {
        retired.close();
      } catch (Throwable e) {
        // Errors too: they would end the thread's task before the others are closed.
        LOG.warn("Model {} could not be closed", retired.version(), e);
      }
    }
  }

  /**
   * Waits for the batch and the load that run, drops those that queue, frees every model. Also an
   * interrupt does not end the wait, or native memory would be freed under a running engine.
   */
  @Override
  public void close() {
    if (closing) {
      return;
    }
    closing = true;
    // The loading thread first: it hands models to the other.
    PatientWait.forEnd(loading);
    inference.execute(() -> retireAllBut(0));
    PatientWait.forEnd(inference);
  }
}
