package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.ModelStore;
import java.nio.file.Path;

/** Decodes, resizes and crops for the task's live model. Not thread-safe. */
public final class PhotoDecoder implements AutoCloseable {
  private final ImageDecoder decoder;

  private PhotoDecoder(ImageDecoder decoder) {
    this.decoder = decoder;
  }

  public static PhotoDecoder of(ProbeTask task) {
    CropGeometry geometry = geometry(task);
    return new PhotoDecoder(
        new ImageDecoder(
            geometry.resize(), geometry.crop(), Views.of(task.views()), DecodeLimits.DEFAULT));
  }

  /** The preprocessing of the live model. */
  static CropGeometry geometry(ProbeTask task) {
    return CropGeometry.of(new ModelStore(Path.of(task.models())).openLive().preprocessing());
  }

  /** Returns {@code [views][S][S][3]}, RGB. All images of a task can be decoded. */
  public byte[] pixels(byte[] photo) {
    try {
      return decoder.decode(photo);
    } catch (UnreadableImageException e) {
      throw new IllegalStateException("a photo of the task cannot be decoded", e);
    }
  }

  @Override
  public void close() {
    decoder.close();
  }
}
