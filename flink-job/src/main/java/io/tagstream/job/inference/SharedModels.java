package io.tagstream.job.inference;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.store.ModelBundle;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Models in use, each loaded once and closed with its last user. Thread-safe: a thread that
 * acquires a model while another thread loads it waits for that load.
 *
 * @param <K> identifies a model
 */
final class SharedModels<K> {

  private static final class Entry {
    final CompletableFuture<LoadedModel> model = new CompletableFuture<>();
    int users;
  }

  private final Map<K, Entry> entries = new HashMap<>();

  /**
   * Returns the model of a key; runs {@code load} if it has no user.
   *
   * @return to be closed once by each caller
   * @throws ModelException thrown by {@code load}, in this thread or in the one that ran it
   */
  LoadedModel acquire(K key, Supplier<LoadedModel> load) {
    Entry entry;
    boolean first;
    synchronized (entries) {
      first = !entries.containsKey(key);
      entry = entries.computeIfAbsent(key, absent -> new Entry());
      entry.users++;
    }
    try {
      if (first) {
        try {
          entry.model.complete(load.get());
        } catch (Throwable e) {
          entry.model.completeExceptionally(e);
        }
      }
      return new Share(key, entry.model.join());
    } catch (CompletionException | CancellationException e) {
      release(key);
      if (e.getCause() instanceof ModelException known) {
        throw new ModelException(known.getMessage(), known);
      }
      throw e;
    }
  }

  private void release(K key) {
    Entry unused;
    synchronized (entries) {
      Entry entry = entries.get(key);
      entry.users--;
      if (entry.users > 0) {
        return;
      }
      unused = entries.remove(key);
    }
    if (!unused.model.isCompletedExceptionally()) {
      unused.model.join().close();
    }
  }

  private final class Share implements LoadedModel {
    private final K key;
    private final LoadedModel model;
    private final AtomicBoolean closed = new AtomicBoolean();

    Share(K key, LoadedModel model) {
      this.key = key;
      this.model = model;
    }

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
      if (closed.compareAndSet(false, true)) {
        release(key);
      }
    }
  }
}
