package io.tagstream.cli.models;

import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelStore;
import io.tagstream.settings.StandardOptions;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of every command on a model store. */
public final class StoreOptions {
  @Mixin StandardOptions standard = new StandardOptions();

  @Option(
      names = "--models",
      required = true,
      paramLabel = "PATH",
      description = "The model store.")
  private Path models = Path.of("");

  public ModelStore store() {
    return Engines.store(models);
  }
}
