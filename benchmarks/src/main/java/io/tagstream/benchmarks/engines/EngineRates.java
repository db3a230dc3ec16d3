package io.tagstream.benchmarks.engines;

import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.DeviceWeights;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.engine.nd4j.DirectWeights;
import io.tagstream.model.engine.onnxruntime.SessionWeights;
import io.tagstream.model.engine.onnxruntime.SessionWeights.Graph;
import io.tagstream.model.network.Weights;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.serving.SharedModel;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.ModelStore;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/** Measures Tagstream's engines on the task's threads, from bytes to probabilities. */
public final class EngineRates implements Probe {
  public static final String OURS = "deeplearning4j";

  /** The same engine as it runs in a build without oneDNN. */
  public static final String OPS = "deeplearning4j, ND4J's ops";

  public static final String PLAIN = "onnxruntime, plain graph";

  /** The graph that {@code --engine onnxruntime} runs. */
  public static final String REWRITTEN = "onnxruntime, LRN rewritten";

  public static final String INTEGERS = "onnxruntime, int8";

  /** The engines in the order of their turns. */
  public static final List<String> NAMES = List.of(OURS, OPS, PLAIN, REWRITTEN, INTEGERS);

  @Override
  public Map<String, Double> measure(ProbeTask task) throws InterruptedException {
    int threads = task.threads();
    ModelStore store = new ModelStore(Path.of(task.models()));
    ModelBundle bundle = store.openLive();
    ModelBundle integers = store.open(ProbeTask.INTEGERS);
    Map<String, Consumer<List<byte[]>>> engines = new LinkedHashMap<>();
    Normalization normalization = new Normalization(bundle.preprocessing());
    DeviceWeights ours =
        load(bundle, weights -> Engines.onCpu(weights, normalization, threads, Throttle.none()));
    DeviceWeights ops = load(bundle, weights -> new DirectWeights(weights, normalization, threads));
    engines.put(OURS, engine(bundle, ours));
    engines.put(OPS, engine(bundle, ops));
    engines.put(PLAIN, engine(bundle, SessionWeights.onCpu(bundle, threads, Graph.PLAIN)));
    engines.put(
        REWRITTEN, engine(bundle, SessionWeights.onCpu(bundle, threads, Graph.FAST_NORMALIZATION)));
    engines.put(
        INTEGERS,
        engine(integers, SessionWeights.onCpu(integers, threads, Graph.FAST_NORMALIZATION)));
    return Contest.run(engines, normalization.cropBytes(), task);
  }

  private static DeviceWeights load(ModelBundle bundle, Function<Weights, DeviceWeights> copy) {
    try (Weights weights = bundle.weights()) {
      return copy.apply(weights);
    }
  }

  private static Consumer<List<byte[]>> engine(ModelBundle bundle, DeviceWeights weights) {
    // The engine keeps the weights open.
    try (LoadedModel model = new SharedModel(bundle, weights)) {
      Engine engine = model.newEngine(Contest.BATCHES.get(Contest.BATCHES.size() - 1));
      return crops -> engine.probabilities(crops, 1);
    }
  }
}
