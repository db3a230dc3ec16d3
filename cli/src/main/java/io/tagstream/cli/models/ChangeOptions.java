package io.tagstream.cli.models;

import picocli.CommandLine.Option;

/** What the commands take that change the live version. */
final class ChangeOptions {
  @Option(
      names = "--by",
      paramLabel = "NAME",
      description = "Who does it, for the record (default: this user).")
  private String by = System.getProperty("user.name");

  String by() {
    return by;
  }

  static String line(String version, boolean json) {
    return json
        ? JsonLine.of(object -> object.writeStringField("live", version))
        : version + " is live";
  }
}
