package io.tagstream.cli.models;

import io.tagstream.settings.StandardOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code tagstream model}: the commands on a model store. */
@Command(
    name = "model",
    description = "Manage the versions of a model store.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ListCommand.class,
      ShowCommand.class,
      ImportCommand.class,
      ExportCommand.class,
      PromoteCommand.class,
      RollbackCommand.class,
      EvaluateCommand.class,
      QuantizeCommand.class
    })
public final class ModelCommand {
  @Mixin StandardOptions standard = new StandardOptions();
}
