package io.tagstream.cli.models;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tagstream model export}: verifies a version and copies it out of the store. */
@Command(name = "export", description = "Verify a version and copy its files to another folder.")
final class ExportCommand implements Runnable {
  @Mixin private StoreOptions options = new StoreOptions();
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "V", description = "The version.")
  private String version = "";

  @Parameters(index = "1", paramLabel = "DIR", description = "A new or empty folder.")
  private Path target = Path.of("");

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public void run() {
    options.store().export(version, target);
    spec.commandLine()
        .getOut()
        .println(
            json
                ? JsonLine.of(
                    object -> {
                      object.writeStringField("version", version);
                      object.writeStringField("folder", target.toString());
                    })
                : "exported %s to %s".formatted(version, target));
    spec.commandLine().getOut().flush();
  }
}
