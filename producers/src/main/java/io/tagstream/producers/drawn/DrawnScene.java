package io.tagstream.producers.drawn;

import java.nio.ByteBuffer;

/**
 * A drawn picture.
 *
 * @param label what it shows, one of {@link DrawnScenes#LABELS}
 * @param jpeg a JPEG file, read-only
 */
public record DrawnScene(String label, ByteBuffer jpeg) {

  public DrawnScene {
    jpeg = jpeg.asReadOnlyBuffer();
  }

  @Override
  public ByteBuffer jpeg() {
    return jpeg.duplicate();
  }
}
