package io.tagstream.cli;

import io.tagstream.job.EngineChoice;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.BestClasses;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import io.tagstream.schemas.JsonLines;
import io.tagstream.schemas.RejectionStage;
import io.tagstream.schemas.Tag;
import io.tagstream.settings.ImageSettings;
import io.tagstream.settings.InputFile;
import io.tagstream.settings.Printable;
import io.tagstream.settings.SettingsOptions;
import io.tagstream.settings.StandardOptions;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tagstream classify}: tags files with a model of a store. */
@Command(name = "classify", description = "Tag image files without Kafka or Flink.")
public final class ClassifyCommand implements Runnable {
  private static final int BATCH = 32;
  private static final int BAR = 30;

  @Mixin StandardOptions standard = new StandardOptions();
  @Mixin private EngineChoice engineOption = new EngineChoice();
  @Mixin private SettingsOptions settingsOptions = new SettingsOptions();
  @Spec private CommandSpec spec;

  @Option(
      names = "--models",
      required = true,
      paramLabel = "PATH",
      description = "The model store.")
  private Path models = Path.of("");

  @Option(names = "--model", paramLabel = "V", description = "The version (default: the live one).")
  private Optional<String> version = Optional.empty();

  @Option(names = "--json", description = "Print one JSON object a line.")
  private boolean json;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "The image files.")
  private List<String> files = new ArrayList<>();

  /** Why a file has no prediction. */
  private record Unreadable(RejectionStage stage, String reason) {}

  @Override
  public void run() {
    ImageSettings settings = settingsOptions.load().get(ImageSettings.class);
    DecodeLimits limits = limits(settings);
    Views views = engineOption.views();
    ModelStore store = new ModelStore(models);
    ModelBundle bundle = store.open(version.orElseGet(store::live));
    int unreadable = 0;
    int perCall = Math.max(1, BATCH / views.count());
    try (LoadedModel model = engineOption.load(bundle);
        Engine engine = model.newEngine(perCall * views.count());
        ImageDecoder decoder =
            new ImageDecoder(
                bundle.preprocessing().resize(), bundle.preprocessing().crop(), views, limits)) {
      for (int start = 0; start < files.size(); start += perCall) {
        List<String> some = files.subList(start, Math.min(files.size(), start + perCall));
        List<byte[]> crops = new ArrayList<>();
        Map<String, Unreadable> failures = new HashMap<>();
        for (String file : some) {
          read(file, decoder, limits, crops).ifPresent(why -> failures.put(file, why));
        }
        float[][] probabilities =
            crops.isEmpty() ? new float[0][] : engine.probabilities(crops, views.count());
        print(some, failures, probabilities, bundle, views);
        unreadable += some.size() - probabilities.length;
      }
    }
    if (unreadable > 0) {
      throw new UserException(
          "%d of %d files could not be read; see the reasons above"
              .formatted(unreadable, files.size()));
    }
  }

  /** Adds the file's crops, or returns why there are none. */
  private static Optional<Unreadable> read(
      String file, ImageDecoder decoder, DecodeLimits limits, List<byte[]> crops) {
    Path path = Path.of(file);
    try {
      if (Files.isDirectory(path)) {
        return Optional.of(new Unreadable(RejectionStage.FETCH, "is a folder"));
      }
      long size = Files.size(path);
      if (size > limits.maxBytes()) {
        String reason = "%d bytes, over image.max-bytes %d".formatted(size, limits.maxBytes());
        return Optional.of(new Unreadable(RejectionStage.LIMIT, reason));
      }
      crops.add(decoder.decode(InputFile.read(path, limits.maxBytes())));
      return Optional.empty();
    } catch (UnreadableImageException e) {
      RejectionStage stage =
          switch (e.stage()) {
            case DECODE -> RejectionStage.DECODE;
            case LIMIT -> RejectionStage.LIMIT;
          };
      return Optional.of(new Unreadable(stage, e.reason()));
    } catch (NoSuchFileException e) {
      return Optional.of(new Unreadable(RejectionStage.FETCH, "no such file"));
    } catch (AccessDeniedException e) {
      return Optional.of(new Unreadable(RejectionStage.FETCH, "permission denied"));
    } catch (IOException e) {
      String reason = Optional.ofNullable(e.getMessage()).orElseGet(e::toString);
      return Optional.of(new Unreadable(RejectionStage.FETCH, reason));
    }
  }

  private void print(
      List<String> some,
      Map<String, Unreadable> failures,
      float[][] probabilities,
      ModelBundle bundle,
      Views views) {
    Instant now = Instant.now();
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    int predicted = 0;
    for (String file : some) {
      if (failures.containsKey(file)) {
        Unreadable failure = failures.get(file);
        err.printf("%s: %s%n", Printable.of(file), Printable.of(failure.reason()));
        out.println(
            json
                ? JsonLines.failure(file, failure.stage(), failure.reason())
                : "%s%n  not read (%s): %s"
                    .formatted(
                        Printable.of(file),
                        failure.stage().word(),
                        Printable.of(failure.reason())));
      } else {
        List<Tag> tags = best(probabilities[predicted++], bundle.labels());
        out.println(
            json
                ? JsonLines.classification(file, bundle.version(), tags, views.count(), now)
                : text(file, tags));
      }
    }
    err.flush();
    out.flush();
  }

  private static List<Tag> best(float[] probabilities, List<String> labels) {
    return IntStream.of(BestClasses.of(probabilities))
        .mapToObj(i -> new Tag(labels.get(i), i, probabilities[i]))
        .toList();
  }

  private static String text(String file, List<Tag> tags) {
    int width =
        tags.stream().mapToInt(tag -> Printable.of(tag.getLabel()).length()).max().orElse(0);
    StringBuilder text = new StringBuilder(Printable.of(file));
    for (Tag tag : tags) {
      int filled = Math.round(tag.getProbability() * BAR);
      text.append(
          String.format(
              Locale.ROOT,
              "%n  %-" + Math.max(1, width) + "s %s%s %5.1f %%",
              Printable.of(tag.getLabel()),
              "█".repeat(filled),
              "░".repeat(BAR - filled),
              100 * tag.getProbability()));
    }
    return text.toString();
  }

  private static DecodeLimits limits(ImageSettings settings) {
    return new DecodeLimits(
        Math.toIntExact(settings.maxBytes().bytes()),
        settings.maxPixels(),
        settings.memory().bytes(),
        settings.decodeTimeout());
  }
}
