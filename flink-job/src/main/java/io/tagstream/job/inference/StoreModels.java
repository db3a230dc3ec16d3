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
 * The models of a store, shared within this process: however many subtasks load a version, its
 * weights are on the device once, and the version is pinned in the store meanwhile.
 */
public final class StoreModels implements LiveModels {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(StoreModels.class);
  private static final SharedModels<Key> SHARED = new SharedModels<>();

  private record Key(URI store, String version, EngineKind kind, Device device) {}

  private final URI store;
  private final EngineKind kind;
  private final Device device;

  /** Whose the pins are; empty where no job of a lasting name uses the models. */
  private final String job;

  /**
   * @param store the folder that holds the versions and {@code live}, seen by every TaskManager
   */
  public StoreModels(Path store, EngineKind kind, Device device) {
    this(store.toAbsolutePath().normalize().toUri(), kind, device, "");
  }

  private StoreModels(URI store, EngineKind kind, Device device, String job) {
    this.store = store;
    this.kind = Objects.requireNonNull(kind);
    this.device = Objects.requireNonNull(device);
    this.job = job;
  }

  /** The same models, pinned for a job. */
  public StoreModels usedBy(String name) {
    return new StoreModels(store, kind, device, name);
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
          // First, so that the version is not deleted between this and its last use.
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

  /** None where the disk is full or may not be written to: what can be read can be served. */
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
