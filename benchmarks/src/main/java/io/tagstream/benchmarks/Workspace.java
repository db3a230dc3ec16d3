package io.tagstream.benchmarks;

import io.tagstream.benchmarks.probe.DrawnModel;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Output;
import io.tagstream.model.engine.onnxruntime.Calibration;
import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.image.Views;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Quantization;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.producers.ImageFile;
import io.tagstream.producers.ImageFiles;
import io.tagstream.producers.drawn.DrawnScenes;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The input of a benchmark: images that can all be decoded, and a model of the paper's size.
 *
 * @param folder deleted afterwards
 */
record Workspace(Path folder) {
  /** Number of images; more would only need disk space. */
  private static final int IMAGES = 500;

  private static final int CALIBRATED_ON = 50;
  private static final int CLASSES = 1000;
  private static final long SEED = 1;

  Path photos() {
    return folder.resolve("photos");
  }

  Path models() {
    return folder.resolve("models");
  }

  /**
   * Writes images and model.
   *
   * @param images the folder of images; empty for drawn ones
   * @param err receives a line for each image that cannot be decoded
   */
  void fill(Optional<String> images, PrintWriter err) throws IOException {
    Files.createDirectories(photos());
    if (images.isPresent()) {
      ImageFiles found = ImageFiles.find(images.get());
      found.skipped().forEach(file -> reportSkipped(file.name(), file.reason(), err));
      copyReadable(found.files(), err);
    } else {
      DrawnScenes scenes = new DrawnScenes(SEED);
      for (int i = 0; i < IMAGES; i++) {
        write(i, bytes(scenes.scene(i).jpeg()));
      }
    }
    Weights weights = Initialisation.HE.draw(NetworkDescription.alexNet(CLASSES), SEED);
    ModelStore store = new ModelStore(models());
    ModelBundle floats = store.write(DrawnModel.of(weights));
    store.write(ProbeTask.INTEGERS, DrawnModel.of(weights.quantized(scales(floats))));
  }

  private Quantization scales(ModelBundle floats) throws IOException {
    try (Stream<Path> files = Files.list(photos());
        ImageDecoder decoder = decoder(floats.preprocessing());
        Calibration calibration =
            new Calibration(floats, Runtime.getRuntime().availableProcessors(), 1)) {
      for (Path photo : files.sorted().limit(CALIBRATED_ON).toList()) {
        byte[] pixels = decoder.decode(Files.readAllBytes(photo));
        calibration.run(new CropBatch(List.of(pixels), 1, pixels.length), Output.PROBABILITIES);
      }
      return calibration.quantization().orElseThrow();
    } catch (UnreadableImageException e) {
      throw new IllegalStateException("the image could be decoded before", e);
    }
  }

  private static ImageDecoder decoder(Preprocessing preprocessing) {
    return new ImageDecoder(
        preprocessing.resize(), preprocessing.crop(), Views.of(1), DecodeLimits.DEFAULT);
  }

  private void copyReadable(List<ImageFile> files, PrintWriter err) throws IOException {
    Preprocessing preprocessing =
        Preprocessing.tagstream(NetworkDescription.alexNet(CLASSES).inputSize());
    int copied = 0;
    try (ImageDecoder decoder = decoder(preprocessing)) {
      for (ImageFile file : files) {
        if (copied == IMAGES) {
          break;
        }
        byte[] content = Files.readAllBytes(file.path());
        try {
          decoder.decode(content);
          write(copied, content);
          copied++;
        } catch (UnreadableImageException e) {
          reportSkipped(file.name(), e.reason(), err);
        }
      }
    }
    if (copied == 0) {
      throw new UserException("none of the files at --images can be decoded");
    }
  }

  private static void reportSkipped(String name, String reason, PrintWriter err) {
    err.printf("skipped %s: %s%n", name, reason);
  }

  private void write(int number, byte[] content) throws IOException {
    Files.write(photos().resolve("%06d".formatted(number)), content);
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
