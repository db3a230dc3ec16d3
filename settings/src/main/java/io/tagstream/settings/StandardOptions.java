package io.tagstream.settings;

import java.util.List;
import picocli.CommandLine.Option;

/** The options that every command has. */
public final class StandardOptions {
  /** {@link Program} looks these up in the raw arguments when parsing failed. */
  static final List<String> VERBOSE = List.of("-v", "--verbose");

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this text.")
  private boolean help;

  @Option(
      names = {"-v", "--verbose"},
      description = "Show the stack trace of an error.")
  private boolean verbose;

  public boolean help() {
    return help;
  }

  public boolean verbose() {
    return verbose;
  }
}
