package io.tagstream.benchmarks.ladder;

import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.ModelStore;
import java.nio.file.Path;

/** Decodes, resizes and crops as the task's live model wants it, for one thread. */
public final class PhotoDecoder implements AutoCloseable {
  private final ImageDecoder decoder;

  private PhotoDecoder(ImageDecoder decoder) {
    this.decoder = decoder;
  }

  /** A decoder with memory of its own. */
  public static PhotoDecoder of(ProbeTask task) {
    CropGeometry geometry = geometry(task);
    return new PhotoDecoder(
        new ImageDecoder(
            geometry.resize(), geometry.crop(), Views.of(task.views()), DecodeLimits.DEFAULT));
  }

  /** What the live model wants. */
  static CropGeometry geometry(ProbeTask task) {
    return CropGeometry.of(new ModelStore(Path.of(task.models())).openLive().preprocessing());
  }

  /** {@code [views][S][S][3]}, RGB; pictures that cannot be read are no part of a task. */
  public byte[] pixels(byte[] photo) {
    try {
      return decoder.decode(photo);
    } catch (UnreadableImageException e) {
      throw new IllegalStateException("a photo of the task cannot be read", e);
    }
  }

  @Override
  public void close() {
    decoder.close();
  }
}
