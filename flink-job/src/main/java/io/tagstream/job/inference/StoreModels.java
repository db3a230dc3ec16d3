package io.tagstream.job.inference;

import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.EngineOptions;
import io.tagstream.model.engine.Engines;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import java.net.URI;
import java.nio.file.Path;
import java.util.Objects;

/**
 * The models of a store, shared within this process: however many subtasks load a version, its
 * weights are on the device once.
 */
public final class StoreModels implements LiveModels {
  private static final long serialVersionUID = 1L;
  private static final SharedModels<Key> SHARED = new SharedModels<>();

  private record Key(URI store, String version, EngineKind kind, Device device) {}

  private final URI store;
  private final EngineKind kind;
  private final Device device;

  /**
   * @param store the folder that holds the versions and {@code live}, seen by every TaskManager
   */
  public StoreModels(Path store, EngineKind kind, Device device) {
    this.store = store.toAbsolutePath().normalize().toUri();
    this.kind = Objects.requireNonNull(kind);
    this.device = Objects.requireNonNull(device);
  }

  @Override
  public String liveVersion() {
    return store().live();
  }

  @Override
  public LoadedModel load(String version) {
    return SHARED.acquire(
        new Key(store, version, kind, device),
        () -> {
          ModelBundle verified = store().open(version);
          return Engines.load(verified, new EngineOptions(kind, device));
        });
  }

  private ModelStore store() {
    return new ModelStore(Path.of(store));
  }
}
