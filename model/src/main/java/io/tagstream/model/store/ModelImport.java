package io.tagstream.model.store;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.network.Weights;
import io.tagstream.model.onnx.OnnxReader;
import io.tagstream.model.onnx.OnnxWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Imports an ONNX file as a version of a store: one that Tagstream wrote, or BVLC's AlexNet of the
 * ONNX model zoo. From an exported bundle, labels, preprocessing and provenance are imported too.
 *
 * @param file the ONNX file, or the folder of an exported bundle
 * @param labels a file with one label per line, in class order; by default the bundle's labels,
 *     else class-0, class-1 …
 * @param preprocessing by default the bundle's; without a bundle BVLC's, unless Tagstream wrote the
 *     file
 */
public record ModelImport(
    Path file, Optional<Path> labels, Optional<Preprocessing.Preset> preprocessing) {

  /**
   * Adds the model to the store, as {@link ModelStore#write} does.
   *
   * @throws ModelException if the file is not an AlexNet, naming the node or shape that differs; if
   *     the number of labels is not the number of classes
   */
  public ModelBundle into(ModelStore store) {
    Path onnx = Files.isDirectory(file) ? file.resolve(BundleFolder.ONNX) : file;
    ModelDraft draft =
        exportedBundle(onnx).map(this::draftOfBundle).orElseGet(() -> draftOfFile(onnx));
    try {
      return store.write(draft);
    } finally {
      draft.weights().close();
    }
  }

  private static Optional<BundleFolder> exportedBundle(Path onnx) {
    BundleFolder folder = new BundleFolder(onnx.toAbsolutePath().getParent());
    return folder.exists() && onnx.endsWith(BundleFolder.ONNX)
        ? Optional.of(folder)
        : Optional.empty();
  }

  private ModelDraft draftOfBundle(BundleFolder folder) {
    try {
      ModelMetadata metadata = folder.metadata();
      ModelBundle bundle = folder.verify(metadata, Throttle.none());
      Weights weights = bundle.weights();
      return new ModelDraft(
          weights,
          preprocessing
              .map(preset -> preset.preprocessing(weights.network().inputSize()))
              .orElse(bundle.preprocessing()),
          givenLabels(weights).orElse(bundle.labels()),
          metadata.parent(),
          metadata.provenance().then("imported from version " + metadata.version()));
    } catch (IOException e) {
      throw new ModelException("cannot read " + file + ": " + e, e);
    }
  }

  private ModelDraft draftOfFile(Path onnx) {
    Weights weights = OnnxReader.read(onnx);
    String producer = OnnxReader.producer(onnx);
    Preprocessing.Preset preset =
        preprocessing.orElse(
            producer.equals(OnnxWriter.PRODUCER)
                ? Preprocessing.Preset.TAGSTREAM
                : Preprocessing.Preset.BVLC);
    Optional<List<String>> given = givenLabels(weights);
    return new ModelDraft(
        weights,
        preset.preprocessing(weights.network().inputSize()),
        given.orElseGet(() -> numbered(weights.network().classes())),
        Optional.empty(),
        Provenance.made(
            "imported from %s, SHA-256 %s".formatted(onnx.getFileName(), sha256(onnx)),
            given.isPresent() ? "named by a file of labels" : "numbered",
            producer));
  }

  private Optional<List<String>> givenLabels(Weights weights) {
    Optional<List<String>> given = labels.map(BundleFolder::readLabels);
    int classes = weights.network().classes();
    given.ifPresent(
        lines -> {
          if (lines.size() != classes) {
            throw new ModelException(
                "%s has %d labels, but the network of %s has %d classes"
                    .formatted(labels.orElseThrow(), lines.size(), file, classes));
          }
        });
    return given;
  }

  private static List<String> numbered(int classes) {
    return IntStream.range(0, classes).mapToObj(i -> "class-" + i).toList();
  }

  private static String sha256(Path onnx) {
    try {
      return BundleFolder.sha256(onnx, Throttle.none());
    } catch (IOException e) {
      throw new ModelException("cannot read " + onnx + ": " + e, e);
    }
  }
}
