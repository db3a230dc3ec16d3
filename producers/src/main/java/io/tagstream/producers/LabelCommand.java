package io.tagstream.producers;

import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.KafkaOptions;
import io.tagstream.schemas.Label;
import io.tagstream.schemas.LabelOrigin;
import io.tagstream.schemas.RecordText;
import io.tagstream.settings.Printable;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.UserException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tagstream label}: sends labels for images. */
@Command(name = "label", description = "Send labels. Nothing is sent unless every one is valid.")
public final class LabelCommand implements Runnable {
  private static final int SHOWN_PROBLEMS = 20;

  @Spec private CommandSpec spec;
  @Mixin StandardOptions standard = new StandardOptions();
  @Mixin private KafkaOptions kafka = new KafkaOptions();

  @Parameters(
      paramLabel = "ID=LABEL",
      arity = "0..*",
      description = "An image id and its label, separated by the last =.")
  private List<String> assignments = new ArrayList<>();

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Lines of id,label in UTF-8; a first line id,label is a header.")
  private Optional<Path> csv = Optional.empty();

  @Option(
      names = "--annotator",
      paramLabel = "NAME",
      description = "Who gives the labels (default: your login name).")
  private String annotator = System.getProperty("user.name", "");

  @Option(
      names = "--origin",
      paramLabel = "ORIGIN",
      description = "producer, random, uncertain or correction (default: producer).")
  private String origin = LabelOrigin.PRODUCER.word();

  @Override
  public void run() {
    LabelOrigin from = origin();
    try {
      RecordText.require("--annotator", annotator);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    List<LabelLine> lines = lines();
    KafkaConnection connection = kafka.connection(kafka.settings());
    String topic = kafka.topics().labels();
    connection.requireTopics(List.of(topic));
    Instant now = Instant.now();
    Count count = new Count();
    try (RecordSender<Label> sender = RecordSender.ofLabels(connection, topic)) {
      for (LabelLine line : lines) {
        sender.send(
            Label.newBuilder()
                .setImageId(line.imageId())
                .setLabel(line.label())
                .setAnnotator(annotator)
                .setLabeledAt(now)
                .setOrigin(from.word())
                .build(),
            count);
      }
    }
    spec.commandLine()
        .getErr()
        .println("sent %d of %d labels to %s".formatted(count.sent.get(), lines.size(), topic));
    if (count.sent.get() < lines.size()) {
      throw new UserException("the broker refused labels that are too large");
    }
  }

  private static final class Count implements RecordSender.Outcome {
    private final AtomicLong sent = new AtomicLong();

    @Override
    public void acknowledged() {
      sent.incrementAndGet();
    }

    /** Refused labels are those missing from the count. */
    @Override
    public void refused(String reason) {}
  }

  private LabelOrigin origin() {
    return Arrays.stream(LabelOrigin.values())
        .filter(known -> known.word().equals(origin))
        .findFirst()
        .orElseThrow(
            () ->
                new ParameterException(
                    spec.commandLine(),
                    "--origin is one of %s, not %s"
                        .formatted(
                            Arrays.stream(LabelOrigin.values())
                                .map(LabelOrigin::word)
                                .collect(Collectors.joining(", ")),
                            origin)));
  }

  private List<LabelLine> lines() {
    if (assignments.isEmpty() && csv.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "give ID=LABEL or --csv FILE");
    }
    List<LabelLine> lines = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (String assignment : assignments) {
      try {
        lines.add(LabelLine.ofAssignment(assignment));
      } catch (IllegalArgumentException e) {
        throw new ParameterException(
            spec.commandLine(), "'%s': %s".formatted(assignment, e.getMessage()), e);
      }
    }
    csv.ifPresent(file -> lines.addAll(LabelCsv.read(file, problems)));
    if (!problems.isEmpty()) {
      problems.stream()
          .limit(SHOWN_PROBLEMS)
          .map(Printable::of)
          .forEach(spec.commandLine().getErr()::println);
      throw new UserException(
          "%d lines of %s are wrong, see the first of them above; nothing was sent"
              .formatted(problems.size(), csv.orElseThrow()));
    }
    if (lines.isEmpty()) {
      throw new UserException("%s holds no labels".formatted(csv.orElseThrow()));
    }
    return lines;
  }
}
