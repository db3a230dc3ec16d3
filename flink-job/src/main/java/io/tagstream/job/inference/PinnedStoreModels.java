package io.tagstream.job.inference;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.EngineOptions;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Pin;
import java.net.URI;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the models of a store and shares them within this process: however many subtasks load a
 * version, its weights are on the device once. A version in use is pinned, so that the store does
 * not delete it.
 */
public final class PinnedStoreModels implements LiveModels {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(PinnedStoreModels.class);
  private static final SharedModels<Key> SHARED = new SharedModels<>();

  private record Key(URI store, String version, EngineKind kind, Device device) {}

  private final URI store;
  private final EngineKind kind;
  private final Device device;

  /** The job that owns the pins; empty when the models are used by no named job. */
  private final String job;

  /**
   * @param store the folder of the versions and {@code live}, readable by every TaskManager
   */
  public PinnedStoreModels(Path store, EngineKind kind, Device device) {
    this(store.toAbsolutePath().normalize().toUri(), kind, device, "");
  }

  private PinnedStoreModels(URI store, EngineKind kind, Device device, String job) {
    this.store = store;
    this.kind = Objects.requireNonNull(kind);
    this.device = Objects.requireNonNull(device);
    this.job = job;
  }

  /** The same models, with pins owned by a job. */
  public PinnedStoreModels usedBy(String name) {
    return new PinnedStoreModels(store, kind, device, name);
  }

  @Override
  public String liveVersion() {
    return store().live();
  }

  @Override
  public LoadedModel load(String version, Throttle throttle) {
    return SHARED.acquire(
        new Key(store, version, kind, device),
        () -> {
          // Before reading, so that the version is not deleted while it is read or used.
          Optional<Pin> pin = pin(version);
          try {
            ModelBundle verified = store().open(version, throttle);
            return new Pinned(
                Engines.load(verified, new EngineOptions(kind, device), throttle), pin);
          } catch (Throwable e) {
            pin.ifPresent(Pin::close);
            throw e;
          }
        });
  }

  /**
   * Empty when the disk is full or read-only: a version that can be read is served without a pin.
   */
  private Optional<Pin> pin(String version) {
    String name = "job-%d-%s".formatted(ProcessHandle.current().pid(), UUID.randomUUID());
    try {
      return Optional.of(store().pins().pin(name, Set.of(version)));
    } catch (ModelException e) {
      LOG.warn("Model {} serves without a pin and may be deleted: {}", version, e.getMessage());
      return Optional.empty();
    }
  }

  private record Pinned(LoadedModel model, Optional<Pin> pin) implements LoadedModel {
    @Override
    public ModelBundle bundle() {
      return model.bundle();
    }

    @Override
    public Engine newEngine(int maxBatch) {
      return model.newEngine(maxBatch);
    }

    @Override
    public void close() {
      try {
        model.close();
      } finally {
        pin.ifPresent(Pin::close);
      }
    }
  }

  private ModelStore store() {
    ModelStore plain = new ModelStore(Path.of(store));
    return job.isEmpty() ? plain : plain.usedBy(job);
  }
}
