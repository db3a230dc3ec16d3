package io.tagstream.model.training;

import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.RgbImage;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.store.Preprocessing;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * The random choices of an epoch, each a function of seed, epoch and image, whatever thread makes
 * it: the order, and for each image a crop anywhere in the picture, mirrored every other time.
 */
record RandomCrops(Preprocessing preprocessing, long seed, int epoch)
    implements ImageReader.Extraction<byte[]> {

  List<LabelledImage> shuffled(List<LabelledImage> images) {
    List<LabelledImage> order = new ArrayList<>(images);
    Collections.shuffle(order, random(0));
    return order;
  }

  @Override
  public byte[] extract(LabelledImage image, byte[] encoded, ImageDecoder decoder)
      throws UnreadableImageException {
    RgbImage picture = decoder.decodeResized(encoded);
    CRC32C id = new CRC32C();
    id.update(image.id().getBytes(StandardCharsets.UTF_8));
    Random random = random(1 + id.getValue());
    int side = preprocessing.crop();
    return picture.crop(
        random.nextInt(picture.width() - side + 1),
        random.nextInt(picture.height() - side + 1),
        side,
        random.nextBoolean());
  }

  private Random random(long purpose) {
    // Random scrambles its seed weakly, so neighbouring ones are spread out first.
    long mixed = seed;
    for (long part : new long[] {epoch, purpose}) {
      mixed = (mixed ^ part) * 0x9E3779B97F4A7C15L;
      mixed ^= mixed >>> 32;
    }
    return new Random(mixed);
  }
}
