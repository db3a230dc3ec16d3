package io.tagstream.cli;

import io.tagstream.benchmarks.BenchCommand;
import io.tagstream.cli.models.ModelCommand;
import io.tagstream.consumers.StatusCommand;
import io.tagstream.consumers.TailCommand;
import io.tagstream.job.JobCommand;
import io.tagstream.job.retag.RetagCommand;
import io.tagstream.job.retrain.RetrainCommand;
import io.tagstream.local.BrokerCommand;
import io.tagstream.local.TopicsCommand;
import io.tagstream.local.demo.DemoCommand;
import io.tagstream.model.ModelException;
import io.tagstream.producers.LabelCommand;
import io.tagstream.producers.ProduceCommand;
import io.tagstream.settings.Program;
import io.tagstream.settings.StandardOptions;
import java.util.Arrays;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The main class, with the list of commands. */
@Command(
    name = "tagstream",
    description = "Tags images as they arrive: Kafka, Flink, AlexNet.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DemoCommand.class,
      JobCommand.class,
      BrokerCommand.class,
      TopicsCommand.class,
      ProduceCommand.class,
      LabelCommand.class,
      TailCommand.class,
      RetagCommand.class,
      ClassifyCommand.class,
      TrainCommand.class,
      AblateCommand.class,
      ModelCommand.class,
      RetrainCommand.class,
      StatusCommand.class,
      BenchCommand.class
    })
public final class Tagstream {

  @Mixin StandardOptions standard;

  public static void main(String[] args) {
    if (Arrays.asList(args).contains("--verbose") || Arrays.asList(args).contains("-v")) {
      // Log4j reads these properties when the first logger is created, which happens later.
      System.setProperty("tagstream.log.level", "INFO");
      System.setProperty("tagstream.log.broker", "INFO");
      System.setProperty("tagstream.log.exceptions", "full");
    }
    System.exit(new Program(new Tagstream(), Set.of(ModelException.class)).run(args));
  }
}
