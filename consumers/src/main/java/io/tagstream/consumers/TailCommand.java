package io.tagstream.consumers;

import io.tagstream.schemas.JsonLines;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.KafkaOptions;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Interruption;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.Terminal;
import io.tagstream.settings.UserException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tagstream tail}: prints committed predictions or rejections. */
@Command(name = "tail", description = "Print committed predictions as they arrive.")
public final class TailCommand implements Runnable {
  @Spec private CommandSpec spec;
  @Mixin StandardOptions standard = new StandardOptions();
  @Mixin private KafkaOptions kafka = new KafkaOptions();

  @Option(
      names = "--from-beginning",
      description = "Start with the oldest record instead of the next one.")
  private boolean fromBeginning;

  @Option(names = "--max", paramLabel = "N", description = "Stop after N records.")
  private Optional<Long> max = Optional.empty();

  @Option(
      names = "--to-end",
      description = "Stop at the offsets where the topic ended when the command started.")
  private boolean toEnd;

  @Option(names = "--json", description = "Print one JSON object a line.")
  private boolean json;

  @Option(names = "--rejected", description = "Print rejections instead.")
  private boolean rejected;

  @Override
  public void run() {
    if (max.filter(count -> count < 1).isPresent()) {
      throw new ParameterException(spec.commandLine(), "--max is a whole number from 1");
    }
    if (rejected) {
      read(
          kafka.topics().rejectedImages(),
          WireFormat.of(Rejection.class),
          json ? JsonLines::rejection : PredictionText::line);
    } else {
      read(kafka.topics().predictions(), WireFormat.of(Prediction.class), predictionText());
    }
  }

  private Function<Prediction, String> predictionText() {
    if (json) {
      return JsonLines::prediction;
    }
    if (!Terminal.OUTPUT.isInteractive()) {
      return PredictionText::line;
    }
    int columns = Terminal.columns();
    spec.commandLine().getOut().println(PredictionText.heading(columns));
    return prediction -> PredictionText.row(prediction, columns);
  }

  private <T extends SpecificRecord> void read(
      String topic, WireFormat<T> format, Function<T, String> text) {
    KafkaConnection connection = kafka.connection(kafka.settings());
    connection.requireTopics(List.of(topic));
    LineSink<T> sink =
        new LineSink<>(
            spec.commandLine().getOut(),
            spec.commandLine().getErr(),
            text,
            max.orElse(Long.MAX_VALUE));
    try (TopicReader<T> reader = TopicReader.open(connection, topic, format);
        Interruption interruption = Interruption.listen(reader::stop)) {
      reader.read(
          fromBeginning ? TopicReader.Start.BEGINNING : TopicReader.Start.END,
          toEnd ? TopicReader.Stop.END_AT_START : TopicReader.Stop.NEVER,
          sink);
      if (sink.malformed() > 0 && !interruption.requested()) {
        throw new UserException(
            "%d records of %s could not be read; see the reasons above"
                .formatted(sink.malformed(), topic));
      }
    }
  }
}
