package io.tagstream.cli.models;

import io.tagstream.settings.StandardOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code tagstream model}. */
@Command(
    name = "model",
    description = "Look after a folder of models.",
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
