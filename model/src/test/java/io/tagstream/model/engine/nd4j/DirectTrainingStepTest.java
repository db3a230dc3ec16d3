package io.tagstream.model.engine.nd4j;

import static io.tagstream.model.engine.nd4j.TrainingSetups.BATCH;
import static io.tagstream.model.engine.nd4j.TrainingSetups.GIBIBYTE;
import static io.tagstream.model.engine.nd4j.TrainingSetups.PLAIN;
import static io.tagstream.model.engine.nd4j.TrainingSetups.all;
import static io.tagstream.model.engine.nd4j.TrainingSetups.assertSameMoves;
import static io.tagstream.model.engine.nd4j.TrainingSetups.bare;
import static io.tagstream.model.engine.nd4j.TrainingSetups.classes;
import static io.tagstream.model.engine.nd4j.TrainingSetups.crops;
import static io.tagstream.model.engine.nd4j.TrainingSetups.difference;
import static io.tagstream.model.engine.nd4j.TrainingSetups.narrow;
import static io.tagstream.model.engine.nd4j.TrainingSetups.numbers;
import static io.tagstream.model.engine.nd4j.TrainingSetups.setup;
import static io.tagstream.model.engine.nd4j.TrainingSetups.some;
import static io.tagstream.model.engine.nd4j.TrainingSetups.startingFrom;
import static io.tagstream.model.engine.nd4j.TrainingSetups.towers;
import static io.tagstream.model.engine.nd4j.TrainingSetups.unlike;
import static io.tagstream.model.engine.nd4j.TrainingSetups.unreached;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.tagstream.model.ModelException;
import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.TrainingStep;
import io.tagstream.model.engine.TrainingStep.Setup;
import io.tagstream.model.engine.samediff.SameDiffTrainingStep;
import io.tagstream.model.network.DeviceShare;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.store.Preprocessing;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DirectTrainingStepTest {
  private static final List<DeviceShare> WHOLE = List.of(DeviceShare.whole(narrow()));

  static Stream<Arguments> networks() {
    return Stream.of(
        argumentSet("paper", narrow()),
        argumentSet("towers", towers()),
        argumentSet("unreached", unreached()),
        argumentSet("unlike", unlike()),
        argumentSet("bare", bare()));
  }

  /** With steps of other sizes and dropout masks in between, whose leftovers would be detected. */
  @ParameterizedTest
  @MethodSource("networks")
  void everyGradientMatchesTheGraph(NetworkDescription network) {
    Setup setup = setup(network);
    try (TrainingStep step = new DirectTrainingStep(setup);
        TrainingStep graph = new SameDiffTrainingStep(setup)) {
      for (int size : new int[] {BATCH, 3, 1, BATCH}) {
        double loss = step.step(crops(network, size, size), classes(size), 0.1);
        double expected = graph.step(crops(network, size, size), classes(size), 0.1);
        assertThat(loss).isCloseTo(expected, within(1e-5 * expected));
        assertSameMoves(setup, step.weights(), graph.weights(), 1e-4);
      }
    }
  }

  /**
   * Along each parameter's own gradient, where the loss changes most: in float the effect of a
   * single number would be lost in rounding. Some ReLUs and maxima of the first layers switch
   * within the step, hence the tolerance.
   */
  @ParameterizedTest
  @MethodSource("networks")
  void everyGradientMatchesFiniteDifferences(NetworkDescription network) {
    Setup setup = setup(network);
    Weights moved;
    try (TrainingStep step = new DirectTrainingStep(setup)) {
      step.step(crops(network, BATCH, 1), classes(BATCH), 1);
      moved = step.weights();
    }
    for (Parameter parameter : network.parameters()) {
      String name = parameter.name();
      float[] start = numbers(setup.start().get(name));
      float[] gradient = difference(start, numbers(moved.get(name)));
      double square = 0;
      for (float derivative : gradient) {
        square += (double) derivative * derivative;
      }
      double distance = 3e-4 / square;
      double above = lossAt(setup, name, start, gradient, distance);
      double below = lossAt(setup, name, start, gradient, -distance);
      assertThat((above - below) / (2 * distance) / square).as(name).isCloseTo(1, within(0.02));
    }
  }

  private static double lossAt(
      Setup setup, String moved, float[] start, float[] direction, double distance) {
    Map<String, FloatBuffer> values = new HashMap<>();
    for (Parameter parameter : setup.start().network().parameters()) {
      values.put(parameter.name(), setup.start().get(parameter.name()));
    }
    float[] there = new float[start.length];
    for (int i = 0; i < there.length; i++) {
      there[i] = (float) (start[i] + distance * direction[i]);
    }
    values.put(moved, FloatBuffer.wrap(there));
    NetworkDescription network = setup.start().network();
    try (TrainingStep step =
        new DirectTrainingStep(startingFrom(setup, new Weights(network, values)))) {
      return step.step(crops(network, BATCH, 1), classes(BATCH), 1);
    }
  }

  @ParameterizedTest
  @MethodSource("io.tagstream.model.engine.nd4j.TrainingSetups#trainables")
  void frozenParametersStayAndTheOthersMatchTheGraph(Set<String> trainable) {
    Setup setup =
        setup(
            narrow(), trainable, new Optimizer.Sgd(1, 0.9, 5e-4), 0, Optional.empty(), GIBIBYTE, 1);
    try (TrainingStep step = new DirectTrainingStep(setup);
        TrainingStep graph = new SameDiffTrainingStep(setup)) {
      for (int i = 0; i < 2; i++) {
        step.step(crops(narrow(), BATCH, i), classes(BATCH), 0.01);
        graph.step(crops(narrow(), BATCH, i), classes(BATCH), 0.01);
      }
      assertSameMoves(setup, step.weights(), graph.weights(), 1e-4);
    }
  }

  @Test
  void adamMatchesTheGraph() {
    Setup setup =
        setup(bare(), all(bare()), new Optimizer.Adam(1), 0, Optional.empty(), GIBIBYTE, 1);
    try (TrainingStep step = new DirectTrainingStep(setup);
        TrainingStep graph = new SameDiffTrainingStep(setup)) {
      for (int i = 0; i < 3; i++) {
        step.step(crops(bare(), BATCH, i), classes(BATCH), 1e-3);
        graph.step(crops(bare(), BATCH, i), classes(BATCH), 1e-3);
      }
      // Where a gradient is close to 0, Adam amplifies its rounding.
      assertSameMoves(setup, step.weights(), graph.weights(), 0.05);
    }
  }

  /** Parts of one chunk, of fewer crops, and of one crop; frozen layers keep other arrays. */
  @ParameterizedTest
  @ValueSource(ints = {32, 5, 1})
  void aBatchInPartsMakesTheSameUpdate(int part) {
    for (Set<String> trainable :
        List.of(all(narrow()), some(narrow(), name -> !name.matches("conv[12].*")))) {
      Setup whole = setup(narrow(), trainable, PLAIN, 0.1, Optional.empty(), GIBIBYTE, 1);
      MemoryPlan inOne = MemoryPlan.of(whole, WHOLE);
      assertThat(inOne.part()).isEqualTo(BATCH);
      MemoryPlan plan = MemoryPlan.inParts(BATCH, part, inOne.firstBlock());
      Setup parts =
          setup(narrow(), trainable, PLAIN, 0.1, Optional.empty(), plan.bytes(whole, WHOLE), 1);
      assertThat(MemoryPlan.of(parts, WHOLE)).isEqualTo(plan);
      try (TrainingStep one = new DirectTrainingStep(whole);
          TrainingStep many = new DirectTrainingStep(parts)) {
        for (int size : new int[] {BATCH, 7}) {
          double expected = one.step(crops(narrow(), size, 3), classes(size), 0.1);
          assertThat(many.step(crops(narrow(), size, 3), classes(size), 0.1))
              .isCloseTo(expected, within(1e-6 * expected));
        }
        assertSameMoves(whole, many.weights(), one.weights(), 1e-5);
      }
    }
  }

  @Test
  void tooLittleMemoryForOneImageIsRefused() {
    Setup setup = setup(narrow());
    long least = MemoryPlan.inParts(BATCH, 1, 0).bytes(setup, WHOLE);
    Setup poor = setup(narrow(), all(narrow()), PLAIN, 0.1, Optional.empty(), least - 1, 1);
    long needed = (least + (1 << 20) - 1) >> 20;
    assertThatThrownBy(() -> new DirectTrainingStep(poor))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "training this network in batches of 37 needs %d MiB even if the images pass one by one, but may use %d MiB: raise training.memory or use smaller batches",
            needed, poor.memoryBytes() >> 20);
  }

  /**
   * The memory of the paper's GPUs suffices for its batch, its classes and an average in addition.
   */
  @Test
  void thePapersBatchFitsIntoThreeGibibytes() {
    NetworkDescription network = NetworkDescription.alexNet(1000);
    Map<String, FloatBuffer> none = new HashMap<>();
    FloatBuffer zeros = FloatBuffer.allocate(37_748_736);
    network.parameters().forEach(p -> none.put(p.name(), zeros.slice(0, (int) p.count())));
    Setup setup =
        new Setup(
            new Weights(network, none),
            Preprocessing.tagstream(227),
            all(network),
            new Optimizer.Adam(1e-4),
            0.1,
            Optional.of(0.998),
            128,
            3 * GIBIBYTE,
            1,
            2);
    assertThat(MemoryPlan.of(setup, List.of(DeviceShare.whole(network))).part()).isBetween(32, 128);
  }

  @Test
  void theAverageForgetsItsFirstWeightsSoon() {
    Setup setup =
        setup(bare(), all(bare()), new Optimizer.Adam(1), 0, Optional.of(0.2), GIBIBYTE, 1);
    try (TrainingStep step = new DirectTrainingStep(setup)) {
      assertThat(numbers(step.averaged().get("fc6.weight")))
          .isEqualTo(numbers(setup.start().get("fc6.weight")));
      float[] average = numbers(setup.start().get("fc6.weight"));
      // 1/10 and 2/11, then 3/12 would be more than 0.2.
      for (double decay : new double[] {0.1, 2 / 11.0, 0.2}) {
        step.step(crops(bare(), BATCH, 1), classes(BATCH), 0.01);
        float[] weights = numbers(step.weights().get("fc6.weight"));
        for (int i = 0; i < average.length; i++) {
          average[i] = (float) (decay * average[i] + (1 - decay) * weights[i]);
        }
        assertThat(numbers(step.averaged().get("fc6.weight")))
            .containsExactly(average, within(1e-6f));
      }
    }
  }

  @Test
  void withoutAveragingTheAverageIsTheWeights() {
    Setup setup = setup(bare());
    try (TrainingStep step = new DirectTrainingStep(setup)) {
      step.step(crops(bare(), 2, 1), classes(2), 0.1);
      assertThat(numbers(step.averaged().get("conv2.weight")))
          .isEqualTo(numbers(step.weights().get("conv2.weight")));
    }
  }

  /**
   * By hand: with no weights the logits are the biases 0, 1, 2, 3, 4; log(sum(exp)) is 4.451914.
   * The target of class 1 with smoothing 0.2 over five is 0.84, the others' 0.04.
   */
  @Test
  void smoothingSpreadsTheTarget() {
    NetworkDescription network = bare();
    Map<String, FloatBuffer> values = new HashMap<>();
    network.parameters().forEach(p -> values.put(p.name(), FloatBuffer.allocate((int) p.count())));
    values.put("fc7.bias", FloatBuffer.wrap(new float[] {0, 1, 2, 3, 4}));
    Setup setup = setup(network, Set.of("fc7.bias"), PLAIN, 0.2, Optional.empty(), GIBIBYTE, 1);
    try (TrainingStep step =
        new DirectTrainingStep(startingFrom(setup, new Weights(network, values)))) {
      double loss = step.step(crops(network, 1, 1), new int[] {1}, 1);
      assertThat(loss).isCloseTo(4.451914 - (0.84 * 1 + 0.04 * (2 + 3 + 4)), within(1e-5));
      float[] expected = {
        -(0.011656f - 0.04f),
        1 - (0.031685f - 0.84f),
        2 - (0.086129f - 0.04f),
        3 - (0.234122f - 0.04f),
        4 - (0.636409f - 0.04f)
      };
      assertThat(numbers(step.weights().get("fc7.bias"))).containsExactly(expected, within(1e-5f));
    }
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void aSavedTrainingResumesBitForBit(Optimizer optimizer) throws IOException {
    Setup setup = setup(narrow(), all(narrow()), optimizer, 0.1, Optional.of(0.998), GIBIBYTE, 1);
    ByteArrayOutputStream saved = new ByteArrayOutputStream();
    try (TrainingStep step = new DirectTrainingStep(setup);
        TrainingStep resumed = new DirectTrainingStep(setup)) {
      step.step(crops(narrow(), BATCH, 1), classes(BATCH), 0.01);
      step.step(crops(narrow(), 4, 2), classes(4), 0.01);
      step.save(saved);
      resumed.step(crops(narrow(), 4, 9), classes(4), 0.01);
      resumed.restore(new ByteArrayInputStream(saved.toByteArray()));
      ByteArrayOutputStream again = new ByteArrayOutputStream();
      resumed.save(again);
      assertThat(again.toByteArray()).isEqualTo(saved.toByteArray());
      for (int i = 3; i < 6; i++) {
        double loss = step.step(crops(narrow(), BATCH, i), classes(BATCH), 0.01);
        assertThat(resumed.step(crops(narrow(), BATCH, i), classes(BATCH), 0.01)).isEqualTo(loss);
      }
      for (Parameter parameter : narrow().parameters()) {
        String name = parameter.name();
        assertThat(resumed.weights().get(name)).as(name).isEqualTo(step.weights().get(name));
        assertThat(resumed.averaged().get(name)).as(name).isEqualTo(step.averaged().get(name));
      }
    }
  }

  static Stream<Optimizer> optimizers() {
    return Stream.of(new Optimizer.Sgd(0.01, 0.9, 5e-4), new Optimizer.Adam(1e-3));
  }

  @Test
  void checkpointsOfOtherTrainingsAreRefused() throws IOException {
    Setup setup = setup(bare());
    try (TrainingStep step = new DirectTrainingStep(setup);
        TrainingStep adam =
            new DirectTrainingStep(
                setup(
                    bare(),
                    all(bare()),
                    new Optimizer.Adam(1),
                    0.1,
                    Optional.empty(),
                    GIBIBYTE,
                    1));
        TrainingStep other = new DirectTrainingStep(setup(unlike()))) {
      ByteArrayOutputStream saved = new ByteArrayOutputStream();
      step.save(saved);
      byte[] whole = saved.toByteArray();
      assertRefused(
          adam,
          whole,
          "the checkpoint is of another training: its optimizer is Sgd[learningRate=1.0, momentum=0.0, weightDecay=0.0], not Adam[learningRate=1.0]");
      assertRefused(
          other,
          whole,
          "the checkpoint is of another training: its network is %s, not %s"
              .formatted(bare(), unlike()));
      assertRefused(
          step, Arrays.copyOf(whole, whole.length - 9), "the training's checkpoint is truncated");
      whole[whole.length - 20] ^= 1;
      assertRefused(
          step, whole, "the training's checkpoint is damaged: its checksum does not match");
      assertRefused(
          step,
          "a text that is no checkpoint".getBytes(UTF_8),
          "not a training's checkpoint, or one of another release");
    }
  }

  private static void assertRefused(TrainingStep step, byte[] checkpoint, String reason) {
    assertThatThrownBy(() -> step.restore(new ByteArrayInputStream(checkpoint)))
        .isInstanceOf(ModelException.class)
        .hasMessage(reason);
  }

  /** The same up to rounding. */
  @Test
  void moreThreadsMakeTheSameUpdate() {
    Setup one = setup(narrow());
    Setup three = setup(narrow(), all(narrow()), PLAIN, 0.1, Optional.empty(), GIBIBYTE, 3);
    try (TrainingStep alone = new DirectTrainingStep(one);
        TrainingStep together = new DirectTrainingStep(three)) {
      double loss = alone.step(crops(narrow(), BATCH, 1), classes(BATCH), 0.1);
      assertThat(together.step(crops(narrow(), BATCH, 1), classes(BATCH), 0.1))
          .isCloseTo(loss, within(1e-5));
      assertSameMoves(one, together.weights(), alone.weights(), 1e-4);
    }
  }

  @Test
  void aBatchThatIsTooLargeOrUnlabelledIsRefused() {
    try (TrainingStep step = new DirectTrainingStep(setup(bare()))) {
      assertThatThrownBy(() -> step.step(crops(bare(), 38, 1), classes(38), 1))
          .hasMessage("38 crops and 38 classes, where a step takes up to 37");
      assertThatThrownBy(() -> step.step(crops(bare(), 3, 1), classes(2), 1))
          .hasMessage("3 crops and 2 classes, where a step takes up to 37");
    }
  }
}
