package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.image.HashedCrops;
import io.tagstream.model.image.Views;
import io.tagstream.model.report.TrainingReport;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.ImagePrefetcher.Outcome;
import io.tagstream.model.training.ImagePrefetcher.Read;
import io.tagstream.model.training.ImagePrefetcher.Unreadable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The first pass over every image of a data set: readability, SHA-256, difference hash and colour
 * sums. It holds some hundred bytes per image and no pixels.
 *
 * @param labels in class order
 * @param unreadable the files that are not readable images
 */
record Survey(
    List<String> labels, List<Surveyed> images, List<TrainingReport.Unreadable> unreadable) {
  private static final int CHANNELS = 3;

  /** The standard deviation of rounding to a byte; less means images of a single colour. */
  private static final double LEAST_DEVIATION = 0.29 / 255;

  /**
   * A readable image.
   *
   * @param sha256 of the encoded bytes, in hexadecimal
   * @param differenceHash of the whole image
   * @param colors of the centre crop
   */
  record Surveyed(LabelledImage image, String sha256, long differenceHash, ColorSums colors) {

    boolean isHeldOut() {
      return Split.isHeldOut(image.group(), HexFormat.of().parseHex(sha256));
    }
  }

  Survey {
    labels = List.copyOf(labels);
    images = List.copyOf(images);
    unreadable = List.copyOf(unreadable);
  }

  /**
   * Reads each image.
   *
   * @throws ModelException if none can be read
   * @throws java.util.concurrent.CancellationException if {@code progress} is cancelled
   */
  static Survey of(
      Dataset dataset, Preprocessing preprocessing, int threads, TrainingProgress progress) {
    List<Surveyed> images = new ArrayList<>();
    List<TrainingReport.Unreadable> unread = new ArrayList<>();
    int count = dataset.images().size();
    int done = 0;
    try (ImagePrefetcher reader = new ImagePrefetcher(preprocessing, Views.CENTER, threads)) {
      Iterator<Outcome<Surveyed>> outcomes =
          reader.read(
              dataset.images(),
              4 * threads,
              (image, encoded, decoder) -> survey(image, encoded, decoder.decodeAndHash(encoded)));
      while (outcomes.hasNext()) {
        progress.throwIfCancelled("images were read");
        Outcome<Surveyed> outcome = outcomes.next();
        if (outcome instanceof Read<Surveyed> read) {
          images.add(read.value());
        } else if (outcome instanceof Unreadable<Surveyed> unreadable) {
          String place = unreadable.image().content().place();
          progress.skipped(place, unreadable.reason());
          unread.add(new TrainingReport.Unreadable(place, unreadable.reason()));
        }
        done++;
        progress.read(done, count);
      }
    }
    if (images.isEmpty()) {
      throw new ModelException(
          "none of the %d files in %s is a readable image".formatted(count, dataset.description()));
    }
    return new Survey(dataset.labels(), images, unread);
  }

  private static Surveyed survey(LabelledImage image, byte[] encoded, HashedCrops look) {
    return new Surveyed(
        image,
        HexFormat.of().formatHex(Split.sha256(encoded)),
        look.differenceHash(),
        ColorSums.of(look.crops()));
  }

  /**
   * The training images and the held-out images.
   *
   * @param nearDuplicates held-out images that are left out: each looks like a training image, so
   *     predicting it correctly proves nothing
   */
  record Division(Survey training, Survey validation, int nearDuplicates) {

    /** A division with explicit validation images, all of which are used. */
    Division(Survey training, Survey validation) {
      this(training, validation, 0);
    }
  }

  /**
   * Holds out the fifth that {@link Split} selects, without the images within {@link
   * NearDuplicates#DISTANCE} bits of a training image.
   */
  Division holdOutAFifth() {
    Survey training = training();
    Survey heldOut = only(Surveyed::isHeldOut);
    BitSet near = NearDuplicates.near(heldOut.hashes(), training.hashes());
    Survey measuring =
        new Survey(
            labels,
            IntStream.range(0, heldOut.images.size())
                .filter(i -> !near.get(i))
                .mapToObj(heldOut.images::get)
                .toList(),
            List.of());
    return new Division(training, measuring, near.cardinality());
  }

  /** The images that {@link Split} does not hold out. */
  Survey training() {
    return only(image -> !image.isHeldOut());
  }

  private Survey only(Predicate<Surveyed> wanted) {
    return new Survey(labels, images.stream().filter(wanted).toList(), List.of());
  }

  private long[] hashes() {
    return images.stream().mapToLong(Surveyed::differenceHash).toArray();
  }

  /**
   * The number of distinct images of each class, in class order.
   *
   * @param split whether a fifth of these images is held out
   */
  List<ClassSize> classSizes(boolean split) {
    List<List<Surveyed>> byClass = byClass();
    return IntStream.range(0, labels.size())
        .mapToObj(
            i -> {
              Map<String, Boolean> heldOut = new HashMap<>();
              byClass
                  .get(i)
                  .forEach(image -> heldOut.put(image.sha256(), split && image.isHeldOut()));
              return ClassSize.of(labels.get(i), heldOut);
            })
        .toList();
  }

  private List<List<Surveyed>> byClass() {
    List<List<Surveyed>> byClass = new ArrayList<>();
    labels.forEach(label -> byClass.add(new ArrayList<>()));
    images.forEach(image -> byClass.get(image.image().classIndex()).add(image));
    return byClass;
  }

  /** The images of the given classes, in this order of classes. */
  Survey withLabels(List<String> order) {
    int[] classes = labels.stream().mapToInt(order::indexOf).toArray();
    return new Survey(
        order,
        images.stream()
            .filter(image -> classes[image.image().classIndex()] >= 0)
            .map(
                image ->
                    new Surveyed(
                        image.image().withClass(classes[image.image().classIndex()]),
                        image.sha256(),
                        image.differenceHash(),
                        image.colors()))
            .toList(),
        unreadable);
  }

  /**
   * At most {@code count} images: a proportional share of each class, selected by SHA-256, so that
   * the selection does not depend on the order of the images.
   */
  Survey atMost(int count) {
    if (images.size() <= count) {
      return this;
    }
    List<Surveyed> ordered =
        images.stream()
            .sorted(
                Comparator.comparingInt((Surveyed one) -> one.image().classIndex())
                    .thenComparing(Surveyed::sha256))
            .toList();
    return new Survey(labels, EvenSample.of(ordered, count), unreadable);
  }

  List<LabelledImage> labelled() {
    return images.stream().map(Surveyed::image).toList();
  }

  /**
   * The preprocessing that gives these images a mean of 0 per channel, with the scaling of {@code
   * pixels}.
   *
   * @param geometry resize and crop
   */
  Preprocessing preprocessing(Preprocessing geometry, InputScaling pixels) {
    ColorSums colors = colors();
    return new Preprocessing(
        geometry.resize(),
        geometry.crop(),
        Preprocessing.ChannelOrder.RGB,
        1.0 / 255,
        IntStream.range(0, CHANNELS).mapToObj(colors::mean).toList(),
        IntStream.range(0, CHANNELS).mapToDouble(c -> divisor(colors, c, pixels)).boxed().toList());
  }

  private static double divisor(ColorSums colors, int channel, InputScaling pixels) {
    return switch (pixels) {
      case STANDARDISED ->
          Math.max(LEAST_DEVIATION, Math.sqrt(Math.max(0, colors.covariance(channel, channel))));
      case CENTRED -> 1.0 / 255;
    };
  }

  /** The colours of all images together. */
  ColorSums colors() {
    return ColorSums.of(images.stream().map(Surveyed::colors).toList());
  }

  /**
   * A SHA-256 over the sorted SHA-256 of the images: equal for equal images in the same classes.
   */
  String fingerprint() {
    String listing =
        images.stream()
            .map(image -> image.sha256() + " " + labels.get(image.image().classIndex()))
            .sorted()
            .collect(Collectors.joining("\n"));
    return HexFormat.of().formatHex(Split.sha256(listing.getBytes(StandardCharsets.UTF_8)));
  }
}
