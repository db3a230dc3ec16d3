package io.tagstream.model.training;

import io.tagstream.model.ModelException;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Weights;
import io.tagstream.model.report.TrainingReport;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * Everything that is decided before the first step: the images, the split, the classes, the recipe
 * and the network.
 *
 * @param network the network to train
 * @param endToEnd whether every layer is trained, now or in the parent
 * @param training the images that are not held out
 * @param heldOut the held-out images to measure on, at most {@link #MOST_MEASURED}
 * @param nearDuplicates held-out images left out because they look like a training image
 * @param unreadable the files that could not be read
 */
record Preparation(
    TrainingTask task,
    Recipe recipe,
    Optional<ModelBundle> parent,
    ClassList classes,
    NetworkDescription network,
    boolean endToEnd,
    Preprocessing preprocessing,
    Survey training,
    Survey heldOut,
    int nearDuplicates,
    List<TrainingReport.Unreadable> unreadable) {

  /** A recipe that reacts to a stall sets aside one in this many training images to measure it. */
  private static final int WATCHED = 10;

  /**
   * The most held-out images for the final score and the gate. The candidate and the live version
   * are each evaluated on them, which should take minutes. With 2,000 images an accuracy is
   * accurate to one percentage point.
   */
  static final int MOST_MEASURED = 2000;

  /**
   * Reads every image once and prepares the training.
   *
   * @throws ModelException if the images are not enough for a training, or the parent is missing or
   *     invalid
   */
  static Preparation of(
      ModelStore store, TrainingTask task, int threads, TrainingProgress progress) {
    TrainingOptions options = task.options();
    Optional<ModelBundle> parent = options.parent().map(store::open);
    boolean parentHasLearned =
        options
            .parent()
            .map(version -> store.metadata(version).provenance().hasLearnedThroughout())
            .orElse(false);
    Recipe recipe = recipe(options, parentHasLearned);
    NetworkDescription known = parent.map(ModelBundle::network).orElse(options.network());
    Preprocessing geometry =
        parent.map(ModelBundle::preprocessing).orElseGet(() -> geometry(known.inputSize()));

    Survey survey = Survey.of(task.images(), geometry, threads, progress);
    ClassList classes =
        ClassList.of(
            parent.map(ModelBundle::labels),
            task.parentLearnedHere(),
            survey.classSizes(task.split()),
            options.minPerClass(),
            task.images().description());
    classes.waiting().forEach(size -> progress.waits(size, size.shortage(options.minPerClass())));
    if (!classes.lost().isEmpty()) {
      progress.loses(classes.lost());
    }
    Survey learned = survey.withLabels(classes.labels());
    Survey.Division division =
        task.validation()
            .map(
                images ->
                    new Survey.Division(
                        task.split() ? learned.training() : learned,
                        Survey.of(
                                known(images, survey.labels(), classes),
                                geometry,
                                threads,
                                progress)
                            .withLabels(classes.labels())))
            .orElseGet(learned::holdOutAFifth);
    List<TrainingReport.Unreadable> unreadable = new ArrayList<>(survey.unreadable());
    task.validation().ifPresent(all -> unreadable.addAll(division.validation().unreadable()));
    progress.start(
        classes.labels().size(),
        division.training().images().size(),
        division.validation().images().size(),
        unreadable.size());
    boolean inherits = recipe.start() == Recipe.Start.PARENT;
    return new Preparation(
        task,
        recipe,
        parent,
        classes,
        known.withClasses(classes.labels().size()),
        options.freezeTo().isEmpty() || (inherits && parentHasLearned),
        inherits ? geometry : division.training().preprocessing(geometry, recipe.pixels()),
        division.training(),
        division.validation(),
        division.nearDuplicates(),
        unreadable);
  }

  private static Recipe recipe(TrainingOptions options, boolean parentHasLearned) {
    boolean goesOn =
        parentHasLearned || (options.parent().isPresent() && options.freezeTo().isPresent());
    Recipe recipe = options.recipe().orElse(goesOn ? Recipe.FINE_TUNE : Recipe.SMALL_DATA);
    if (recipe.start() == Recipe.Start.PARENT && options.parent().isEmpty()) {
      throw new ModelException(
          "recipe %s starts from a version's weights: name the version with --parent"
              .formatted(recipe.name()));
    }
    return recipe;
  }

  /** Resize and crop in the paper's proportion; mean and deviation are not known yet. */
  static Preprocessing geometry(int crop) {
    return Preprocessing.tagstream(crop, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));
  }

  /**
   * The validation images, with the classes of the training first and waiting classes after them.
   *
   * @throws ModelException if an image's class has no image in the training set: a user's mistake,
   *     whereas a waiting class is none
   */
  private static Dataset known(Dataset validation, List<String> labels, ClassList classes) {
    List<String> all = new ArrayList<>(classes.labels());
    labels.stream().filter(label -> !all.contains(label)).forEach(all::add);
    return validation.withLabels(all);
  }

  /** The weights before the first step; closing them closes the parent's weights. */
  Weights initialWeights() {
    Weights drawn = recipe.initialisation().draw(network, task.options().seed());
    return recipe.start() == Recipe.Start.PARENT
        ? InitialWeights.inherit(parent.orElseThrow().weights(), drawn, classes.origin())
        : drawn;
  }

  TrainingRun run(TrainingResources resources, TrainingProgress progress) {
    boolean watches = recipe.schedule() instanceof Schedule.DividedOnStall;
    List<LabelledImage> watched = new ArrayList<>();
    List<LabelledImage> learned = new ArrayList<>();
    for (LabelledImage image : training.labelled()) {
      (watches && isWatched(image) ? watched : learned).add(image);
    }
    BitSet fresh = new BitSet();
    for (int i = 0; i < learned.size(); i++) {
      String id = learned.get(i).id();
      fresh.set(i, task.fresh().map(ids -> ids.contains(id)).orElse(true));
    }
    return new TrainingRun(
        recipe,
        preprocessing,
        learned,
        watched,
        heldOut.atMost(MOST_MEASURED).labelled(),
        fresh,
        training.colors().principalColors(),
        classes.labels(),
        task.options(),
        resources,
        progress);
  }

  private static boolean isWatched(LabelledImage image) {
    CRC32C id = new CRC32C();
    id.update(image.id().getBytes(StandardCharsets.UTF_8));
    return id.getValue() % WATCHED == 0;
  }

  /** The parameters that determine the weights, besides seed, parent and images. */
  Map<String, String> hyperParameters() {
    TrainingOptions options = task.options();
    Map<String, String> parameters = new TreeMap<>();
    options
        .freezeTo()
        .ifPresent(layer -> parameters.put("freezeTo", layer.toString().toLowerCase(Locale.ROOT)));
    if (options.lastLayerOnly()) {
      parameters.put("epochs", Integer.toString(options.lastLayerEpochs()));
    } else {
      parameters.putAll(recipe.hyperParameters());
    }
    return parameters;
  }

  RunIdentity identity(Budget budget) {
    Map<String, String> parameters = hyperParameters();
    parameters.put("imageSteps", Long.toString(budget.planned()));
    task.fresh().ifPresent(ids -> parameters.put("newImages", Integer.toString(ids.size())));
    budget.longest().ifPresent(time -> parameters.put("longest", time.toString()));
    return new RunIdentity(
        RunIdentity.FORMAT,
        recipe.name(),
        parameters,
        task.options().seed(),
        network,
        parent.map(ModelBundle::version),
        classes.labels(),
        training.fingerprint(),
        heldOut.fingerprint());
  }
}
