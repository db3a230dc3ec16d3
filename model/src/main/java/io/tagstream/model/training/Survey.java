package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.image.HashedCrops;
import io.tagstream.model.image.Views;
import io.tagstream.model.report.TrainingReport;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.training.ImageReader.Outcome;
import io.tagstream.model.training.ImageReader.Read;
import io.tagstream.model.training.ImageReader.Unreadable;
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
 * A first look at every image of a data set: which can be read, what bytes they are, what they look
 * like, what colours they have. It holds some hundred bytes an image and no pixels.
 *
 * @param labels in class order
 * @param unreadable the files that cannot be read as an image
 */
record Survey(
    List<String> labels, List<Surveyed> images, List<TrainingReport.Unreadable> unreadable) {
  private static final int CHANNELS = 3;

  /** A byte's rounding alone deviates by as much; less means pictures of one colour. */
  private static final double LEAST_DEVIATION = 0.29 / 255;

  /**
   * A readable image.
   *
   * @param sha256 of the encoded bytes, in hexadecimal
   * @param differenceHash of the picture
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
   * Looks at each image.
   *
   * @throws ModelException when none can be read
   * @throws java.util.concurrent.CancellationException when {@code progress} says so
   */
  static Survey of(
      Dataset dataset, Preprocessing preprocessing, int threads, TrainingProgress progress) {
    List<Surveyed> images = new ArrayList<>();
    List<TrainingReport.Unreadable> unread = new ArrayList<>();
    int count = dataset.images().size();
    int done = 0;
    try (ImageReader reader = new ImageReader(preprocessing, Views.CENTER, threads)) {
      Iterator<Outcome<Surveyed>> outcomes =
          reader.read(
              dataset.images(),
              4 * threads,
              (image, encoded, decoder) -> survey(image, encoded, decoder.decodeAndHash(encoded)));
      while (outcomes.hasNext()) {
        progress.requireGoing("images were read");
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
          "none of the %d files in %s is an image that can be read"
              .formatted(count, dataset.description()));
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
   * The images to learn from and those to measure with.
   *
   * @param nearDuplicates held-out images that neither train nor measure: each looks like one of
   *     the training images, so that knowing it proves nothing
   */
  record Division(Survey training, Survey validation, int nearDuplicates) {

    /** With images to measure with that somebody chose: all of them do. */
    Division(Survey training, Survey validation) {
      this(training, validation, 0);
    }
  }

  /**
   * Holds out the fifth that {@link Split} says, less what is within {@link
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
   * How many different images each class has, in class order.
   *
   * @param split whether these images are the ones of which a fifth is held out
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

  /** The images of some classes, in a new order of classes. */
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
   * All, or so many of them: of each class its share, chosen by SHA-256, so that it is the same
   * images in whatever order they come.
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
   * Preprocessing to mean 0 per channel over these images, and as {@code pixels} says.
   *
   * @param geometry resize and crop
   */
  Preprocessing preprocessing(Preprocessing geometry, Pixels pixels) {
    ColorSums colors = colors();
    return new Preprocessing(
        geometry.resize(),
        geometry.crop(),
        Preprocessing.ChannelOrder.RGB,
        1.0 / 255,
        IntStream.range(0, CHANNELS).mapToObj(colors::mean).toList(),
        IntStream.range(0, CHANNELS).mapToDouble(c -> divisor(colors, c, pixels)).boxed().toList());
  }

  private static double divisor(ColorSums colors, int channel, Pixels pixels) {
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

  /** SHA-256 over the images' own, sorted: the same for the same pictures in the same classes. */
  String fingerprint() {
    String listing =
        images.stream()
            .map(image -> image.sha256() + " " + labels.get(image.image().classIndex()))
            .sorted()
            .collect(Collectors.joining("\n"));
    return HexFormat.of().formatHex(Split.sha256(listing.getBytes(StandardCharsets.UTF_8)));
  }
}
