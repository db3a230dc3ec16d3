package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.ImageReader.Outcome;
import io.tagstream.model.training.ImageReader.Read;
import io.tagstream.model.training.ImageReader.Unreadable;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/**
 * A first look at every image of a data set: which can be read, what bytes they are, what colours
 * they have. Whole numbers only, so that the order of the threads does not show.
 *
 * @param labels in class order
 */
record Survey(List<String> labels, List<Surveyed> images, int skipped) {
  private static final BigInteger FIFTH = BigInteger.valueOf(5);
  private static final int CHANNELS = 3;

  /**
   * A readable image.
   *
   * @param sha256 of the encoded bytes, in hexadecimal
   * @param sums by channel, of the centre crop's bytes
   * @param squares by channel, of the centre crop's bytes
   */
  record Surveyed(LabelledImage image, String sha256, List<Long> sums, List<Long> squares) {}

  Survey {
    labels = List.copyOf(labels);
    images = List.copyOf(images);
  }

  static Survey of(
      Dataset dataset, Preprocessing preprocessing, int threads, TrainingProgress progress) {
    List<Surveyed> images = new ArrayList<>();
    int count = dataset.images().size();
    int done = 0;
    try (ImageReader reader = new ImageReader(preprocessing, Views.CENTER, threads)) {
      Iterator<Outcome<Surveyed>> outcomes =
          reader.read(
              dataset.images(),
              4 * threads,
              (image, encoded, decoder) -> survey(image, encoded, decoder.decode(encoded)));
      while (outcomes.hasNext()) {
        Outcome<Surveyed> outcome = outcomes.next();
        if (outcome instanceof Read<Surveyed> read) {
          images.add(read.value());
        } else if (outcome instanceof Unreadable<Surveyed> unreadable) {
          progress.skipped(unreadable.image().content().place(), unreadable.reason());
        }
        done++;
        progress.read(done, count);
      }
    }
    if (images.isEmpty()) {
      throw new ModelException(
          "none of the %d files in %s is an image that can be read"
              .formatted(count, dataset.description()));
    }
    return new Survey(dataset.labels(), images, count - images.size());
  }

  private static Surveyed survey(LabelledImage image, byte[] encoded, byte[] crop) {
    long[] sums = new long[CHANNELS];
    long[] squares = new long[CHANNELS];
    for (int i = 0; i < crop.length; i++) {
      int value = crop[i] & 0xff;
      sums[i % CHANNELS] += value;
      squares[i % CHANNELS] += (long) value * value;
    }
    return new Surveyed(
        image, HexFormat.of().formatHex(sha256(encoded)), boxed(sums), boxed(squares));
  }

  private static List<Long> boxed(long[] numbers) {
    return LongStream.of(numbers).boxed().toList();
  }

  /** The images to learn from and those to validate with. */
  record Division(Survey training, Survey validation) {}

  /**
   * Holds out a fifth: the images whose SHA-256, read as a number, divides by 5. So a picture stays
   * on its side whatever is added or renamed, and two copies of it are never on both sides. Where
   * chance would hold out all or none of a small class, its smallest number alone is kept for
   * training or held out.
   */
  Division holdOutAFifth() {
    List<Surveyed> training = new ArrayList<>();
    List<Surveyed> validation = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      int classIndex = i;
      List<Surveyed> ofClass =
          images.stream()
              .filter(image -> image.image().classIndex() == classIndex)
              .sorted(Comparator.comparing(Surveyed::sha256))
              .toList();
      long heldOut = ofClass.stream().filter(Survey::isHeldOut).count();
      boolean noneOrAll = heldOut == 0 || heldOut == ofClass.size();
      for (Surveyed image : ofClass) {
        boolean smallest = image.sha256().equals(ofClass.get(0).sha256());
        boolean several = !ofClass.get(ofClass.size() - 1).sha256().equals(ofClass.get(0).sha256());
        boolean out;
        if (!several) {
          out = false;
        } else if (noneOrAll) {
          out = smallest == (heldOut == 0);
        } else {
          out = isHeldOut(image);
        }
        (out ? validation : training).add(image);
      }
    }
    return new Division(with(training), with(validation));
  }

  private static boolean isHeldOut(Surveyed image) {
    return new BigInteger(image.sha256(), 16).mod(FIFTH).signum() == 0;
  }

  /** Images by the order in which the folder lists them. */
  private Survey with(List<Surveyed> some) {
    return new Survey(
        labels, some.stream().sorted(Comparator.comparing(i -> i.image().id())).toList(), 0);
  }

  List<LabelledImage> labelled() {
    return images.stream().map(Surveyed::image).toList();
  }

  /**
   * Preprocessing to mean 0 and deviation 1 per channel over these images.
   *
   * @param geometry resize and crop
   */
  Preprocessing standardised(Preprocessing geometry) {
    double pixels = (double) images.size() * geometry.crop() * geometry.crop();
    double[] means = new double[CHANNELS];
    double[] deviations = new double[CHANNELS];
    for (int channel = 0; channel < CHANNELS; channel++) {
      int c = channel;
      double mean = images.stream().mapToLong(image -> image.sums().get(c)).sum() / pixels;
      double square = images.stream().mapToLong(image -> image.squares().get(c)).sum() / pixels;
      means[c] = mean / 255;
      // A byte's rounding alone deviates by 0.29; less means pictures of one colour.
      deviations[c] = Math.max(0.29, Math.sqrt(square - mean * mean)) / 255;
    }
    return new Preprocessing(
        geometry.resize(),
        geometry.crop(),
        Preprocessing.ChannelOrder.RGB,
        1.0 / 255,
        DoubleStream.of(means).boxed().toList(),
        DoubleStream.of(deviations).boxed().toList());
  }

  /** SHA-256 over the images' own, sorted: the same for the same pictures in the same classes. */
  String fingerprint() {
    String listing =
        images.stream()
            .map(image -> image.sha256() + " " + labels.get(image.image().classIndex()))
            .sorted()
            .collect(Collectors.joining("\n"));
    return HexFormat.of().formatHex(sha256(listing.getBytes(StandardCharsets.UTF_8)));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
