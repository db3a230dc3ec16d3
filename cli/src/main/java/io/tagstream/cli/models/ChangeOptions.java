package io.tagstream.cli.models;

import io.tagstream.schemas.RecordText;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Options of the commands that change the live version. */
final class ChangeOptions {
  @Option(
      names = "--by",
      paramLabel = "NAME",
      description = "Name to record as the author of the change (default: this user).")
  private String by = System.getProperty("user.name");

  /** The validated name; read it before anything is changed. */
  String by(CommandSpec spec) {
    try {
      RecordText.require("--by", by);
      return by;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  static String line(String version, boolean json) {
    return json
        ? JsonLine.of(object -> object.writeStringField("live", version))
        : version + " is live";
  }
}
