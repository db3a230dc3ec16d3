package io.tagstream.settings;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Runs a picocli command by the conventions of every command: exit code 0 on success, 1 when it
 * failed while running, 2 on wrong usage. An error is one line on standard error with the cause and
 * the remedy; the stack trace follows only with {@code --verbose}.
 */
public final class Program {
  private static final int FAILED = 1;
  private static final int WRONG_USAGE = 2;

  private final CommandLine commandLine;
  private final Set<Class<? extends Exception>> explained;

  /**
   * @param command the root command, with its subcommands
   * @param explained exceptions of other modules whose message is printed alone, as {@link
   *     UserException}'s is; for any other exception the line also names its class
   */
  public Program(Object command, Set<Class<? extends Exception>> explained) {
    this.explained = Set.copyOf(explained);
    this.commandLine =
        new CommandLine(command)
            // An id or a label may begin with @.
            .setExpandAtFiles(false)
            .setCaseInsensitiveEnumValuesAllowed(true)
            // JSON is UTF-8 in every locale. A command flushes its output itself.
            .setOut(utf8(FileDescriptor.out))
            .setErr(utf8(FileDescriptor.err))
            .setExecutionStrategy(this::execute)
            .setParameterExceptionHandler((e, args) -> wrongUsage(e, args))
            .setExecutionExceptionHandler((e, failed, parsed) -> failed(e, failed, parsed));
  }

  /** For tests, which redirect its output. */
  CommandLine commandLine() {
    return commandLine;
  }

  /**
   * Parses the arguments, runs the command and reports errors. Returns the exit code; throws
   * nothing.
   */
  public int run(String... args) {
    try {
      return commandLine.execute(args);
    } catch (Error e) {
      // picocli's handlers get exceptions only, not errors such as OutOfMemoryError or a missing
      // native library.
      return report(e, commandLine, verbose(args), FAILED);
    }
  }

  /**
   * Help is printed unescaped, because picocli may colour it; all other output may hold foreign
   * text and is escaped.
   */
  private int execute(ParseResult parsed) {
    Integer helped = CommandLine.executeHelpRequest(parsed);
    if (helped != null) {
      return helped;
    }
    commandLine.setOut(Printable.onto(commandLine.getOut()));
    commandLine.setErr(Printable.onto(commandLine.getErr()));
    return new RunLast().execute(parsed);
  }

  private int failed(Exception e, CommandLine failed, ParseResult parsed) {
    boolean verbose = verbose(parsed.originalArgs().toArray(new String[0]));
    return report(e, failed, verbose, e instanceof UsageException ? WRONG_USAGE : FAILED);
  }

  /** Searches the raw arguments, because parsing them may be what failed. */
  private static boolean verbose(String[] args) {
    return !Collections.disjoint(Arrays.asList(args), StandardOptions.VERBOSE);
  }

  private int report(Throwable e, CommandLine failed, boolean verbose, int exitCode) {
    PrintWriter err = Printable.onto(failed.getErr());
    err.println("tagstream: " + oneLine(explain(e)));
    if (verbose) {
      e.printStackTrace(err);
    }
    err.flush();
    return exitCode;
  }

  private String explain(Throwable e) {
    boolean whole =
        e instanceof UserException || explained.stream().anyMatch(type -> type.isInstance(e));
    if (whole) {
      return e.getMessage();
    }
    String message = e.getMessage() == null ? "" : ": " + e.getMessage();
    return "%s%s (--verbose shows where)".formatted(e.getClass().getSimpleName(), message);
  }

  private int wrongUsage(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String message =
        e instanceof UnmatchedArgumentException unmatched
            ? unknown(command.getCommandSpec(), unmatched.getUnmatched().get(0))
            : misspelt(command.getCommandSpec(), args)
                .map(option -> unknown(command.getCommandSpec(), option))
                .orElse(e.getMessage());
    PrintWriter err = Printable.onto(command.getErr());
    err.printf(
        "tagstream: %s (see %s --help)%n",
        oneLine(message), command.getCommandSpec().qualifiedName());
    if (verbose(args)) {
      e.printStackTrace(err);
    }
    err.flush();
    return WRONG_USAGE;
  }

  /**
   * The first unknown option, if any. Checked here because picocli reports a missing required
   * option first, even when that option was misspelt.
   */
  private static Optional<String> misspelt(CommandSpec spec, String[] args) {
    return Arrays.stream(args)
        .takeWhile(argument -> !argument.equals("--"))
        .filter(argument -> argument.startsWith("--"))
        .filter(argument -> spec.findOption(optionName(argument)) == null)
        .findFirst();
  }

  private static String optionName(String argument) {
    return argument.replaceFirst("=.*", "");
  }

  private static String unknown(CommandSpec spec, String argument) {
    boolean option = argument.startsWith("-");
    String name = option ? optionName(argument) : argument;
    List<String> candidates = new ArrayList<>();
    if (option) {
      spec.options().forEach(known -> candidates.addAll(Arrays.asList(known.names())));
    } else {
      candidates.addAll(spec.subcommands().keySet());
    }
    String kind = option ? "option" : candidates.isEmpty() ? "argument" : "command";
    Optional<String> nearest = NearestName.of(name, candidates);
    return "unknown %s %s%s"
        .formatted(kind, name, nearest.map(n -> ", did you mean %s?".formatted(n)).orElse(""));
  }

  private static PrintWriter utf8(FileDescriptor descriptor) {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8), true);
  }

  private static String oneLine(String message) {
    return Printable.of(message.strip().replaceAll("\\s*\\R\\s*", " "));
  }
}
