package io.tagstream.producers;

import io.tagstream.schemas.Image;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.KafkaOptions;
import io.tagstream.schemas.RecordText;
import io.tagstream.settings.Interruption;
import io.tagstream.settings.Progress;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.UserException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tagstream produce}: sends files as image records. */
@Command(
    name = "produce",
    description = {
      "Send images.",
      "Every regular file below DIR is sent, whatever its name, except hidden ones; its id is the prefix followed by its path relative to DIR."
    })
public final class ProduceCommand implements Runnable {
  @Spec private CommandSpec spec;
  @Mixin StandardOptions standard = new StandardOptions();
  @Mixin private KafkaOptions kafka = new KafkaOptions();

  @Option(
      names = "--images",
      required = true,
      arity = "1..*",
      paramLabel = "DIR|FILE|GLOB",
      description = "A folder, a file, or a quoted pattern such as 'photos/**.jpg'.")
  private List<String> images = new ArrayList<>();

  @Option(
      names = "--labeled",
      description = "Send to labeled-images, with the name of each file's folder as its label.")
  private boolean labeled;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "Images a second (default: as fast as the broker accepts them).")
  private Optional<Double> rate = Optional.empty();

  @Option(
      names = "--repeat",
      paramLabel = "N",
      description =
          "Send all files N times; from the second time on, ids end in #2, #3 … (default: 1).")
  private int repeat = 1;

  @Option(names = "--id-prefix", paramLabel = "P", description = "Prefix of each id.")
  private String idPrefix = "";

  @Override
  public void run() {
    Pace pace = pace();
    if (repeat < 1) {
      throw new ParameterException(spec.commandLine(), "--repeat is a whole number from 1");
    }
    try {
      RecordText.require("--id-prefix", idPrefix);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    KafkaConnection connection = kafka.connection(kafka.settings());
    String topic = labeled ? kafka.topics().labeledImages() : kafka.topics().images();
    ImageFiles found = find();
    connection.requireTopics(List.of(topic));

    long total = (long) repeat * found.files().size() + found.skipped().size();
    boolean interrupted;
    ImageUpload upload;
    try (Progress progress =
            Progress.start(
                spec.commandLine().getErr(), "sending", "images", OptionalLong.of(total));
        Interruption interruption = Interruption.listen(pace::stop);
        RecordSender<Image> sender = RecordSender.ofImages(connection, topic)) {
      upload =
          new ImageUpload(sender, pace, progress, labeled, idPrefix, connection.largestRequest());
      found.skipped().forEach(file -> upload.skip(file.name(), file.reason()));
      upload.run(found.files(), repeat);
      interrupted = interruption.requested();
    }
    spec.commandLine()
        .getErr()
        .println("sent %d of %d images to %s".formatted(upload.sent(), total, topic));
    if (upload.unsent() > 0) {
      throw new UserException(
          "%d of %d images were not sent; see the reasons above".formatted(upload.unsent(), total));
    }
    if (interrupted) {
      throw new UserException("interrupted; the images counted as sent have reached the topic");
    }
  }

  private Pace pace() {
    try {
      return rate.map(Pace::perSecond).orElseGet(Pace::unlimited);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--rate: " + e.getMessage(), e);
    }
  }

  /** A shell may expand a pattern to several arguments; the names of all files must differ. */
  private ImageFiles find() {
    List<ImageFile> files = new ArrayList<>();
    List<ImageFiles.Unsent> skipped = new ArrayList<>();
    for (String where : images) {
      ImageFiles found = ImageFiles.find(where);
      files.addAll(found.files());
      skipped.addAll(found.skipped());
    }
    Map<String, ImageFile> byName = new HashMap<>();
    for (ImageFile file : files) {
      ImageFile other = byName.putIfAbsent(file.name(), file);
      if (other != null) {
        throw new UserException(
            "%s and %s would have the same id: send the folder above them"
                .formatted(other.path(), file.path()));
      }
    }
    return new ImageFiles(files, skipped);
  }
}
