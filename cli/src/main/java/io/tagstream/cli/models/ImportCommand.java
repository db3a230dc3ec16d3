package io.tagstream.cli.models;

import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelImport;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tagstream model import}: adds an ONNX file to a store. */
@Command(
    name = "import",
    description =
        "Add an ONNX file as a version: one that Tagstream exported, or BVLC AlexNet from the ONNX model zoo.")
final class ImportCommand implements Runnable {
  @Mixin private StoreOptions options = new StoreOptions();
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "The ONNX file, or an exported folder.")
  private Path file = Path.of("");

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description = "One label a line, in class order (default: class-0, class-1 …).")
  private Optional<Path> labels = Optional.empty();

  @Option(
      names = "--preprocessing",
      paramLabel = "tagstream|bvlc",
      description = "How the model's pixels are prepared (default: by the file's origin).")
  private Optional<Preprocessing.Preset> preprocessing = Optional.empty();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public void run() {
    ModelStore store = options.store();
    ModelBundle bundle = new ModelImport(file, labels, preprocessing).into(store);
    boolean live = store.live().equals(bundle.version());
    spec.commandLine()
        .getOut()
        .println(
            json
                ? JsonLine.of(
                    object -> {
                      object.writeStringField("version", bundle.version());
                      object.writeBooleanField("live", live);
                    })
                : "imported as %s, %s".formatted(bundle.version(), live ? "live" : "a candidate"));
    spec.commandLine().getOut().flush();
  }
}
