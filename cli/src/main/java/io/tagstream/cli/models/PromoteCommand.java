package io.tagstream.cli.models;

import io.tagstream.model.store.ModelStore;
import io.tagstream.schemas.KafkaOptions;
import io.tagstream.schemas.ModelStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tagstream model promote}: makes a version live. */
@Command(name = "promote", description = "Make a version live and announce it to running jobs.")
final class PromoteCommand implements Runnable {
  @Mixin private StoreOptions options = new StoreOptions();
  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private ChangeOptions change = new ChangeOptions();
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "V", description = "The version.")
  private String version = "";

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public void run() {
    String by = change.by(spec);
    Announcement announcement = Announcement.prepare(kafka);
    ModelStore store = options.store();
    store.promote(version, by);
    spec.commandLine().getOut().println(ChangeOptions.line(version, json));
    spec.commandLine().getOut().flush();
    announcement.send(store, ModelStatus.PROMOTED, version, by, spec.commandLine().getErr());
  }
}
