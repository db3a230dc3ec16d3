package io.tagstream.benchmarks.micro;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.LiveModelChanged;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.inference.LiveModels;
import io.tagstream.job.inference.MicroBatchOperator;
import io.tagstream.job.inference.MicroBatching;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.settings.InferenceSettings;
import io.tagstream.settings.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.StreamTaskActionExecutor;
import org.apache.flink.streaming.runtime.tasks.mailbox.MailboxExecutorImpl;
import org.apache.flink.streaming.util.TwoInputStreamOperatorTestHarness;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Measures the cost of micro-batching for each image, with an engine that takes no time. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class MicroBatchBenchmark {
  private static final int BATCH = 32;
  private static final int SIDE = 227;
  private static final List<String> LABELS = List.of("a", "b", "c", "d", "e", "f");

  private final DecodedImage image =
      new DecodedImage(
          new Coordinates("images", 0, 0),
          "an image",
          Optional.empty(),
          false,
          Optional.empty(),
          Instant.EPOCH,
          Instant.EPOCH,
          100_000,
          new byte[SIDE * SIDE * 3]);
  private TwoInputStreamOperatorTestHarness<DecodedImage, LiveModelChanged, TaggedImage> harness;
  private MailboxExecutorImpl mailbox;

  @Setup
  public void open() throws Exception {
    Preprocessing preprocessing = Preprocessing.tagstream(SIDE);
    MicroBatchOperator operator =
        new MicroBatchOperator(
            new AtOnce(),
            new MicroBatching(BATCH, Duration.ofSeconds(1), 1),
            CropGeometry.of(preprocessing),
            Settings.defaults().get(InferenceSettings.class),
            NotePlace.nowhere());
    harness = new TwoInputStreamOperatorTestHarness<>(operator, 1, 1, 0);
    mailbox =
        new MailboxExecutorImpl(harness.getTaskMailbox(), 0, StreamTaskActionExecutor.IMMEDIATE);
    operator.setMailboxExecutor(mailbox);
    harness.open();
  }

  @TearDown
  public void close() throws Exception {
    harness.close();
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public int gatherAnswerAndEmit() throws Exception {
    for (int i = 0; i < BATCH; i++) {
      harness.processElement1(new StreamRecord<>(image, 0));
    }
    while (harness.getOutput().size() < BATCH) {
      mailbox.yield();
    }
    int answered = harness.getOutput().size();
    harness.getOutput().clear();
    return answered;
  }

  /** A store with one version, whose engine takes no time. */
  private static final class AtOnce implements LiveModels {
    private static final long serialVersionUID = 1L;

    @Override
    public String liveVersion() {
      return "at once";
    }

    @Override
    public LoadedModel load(String version, Throttle throttle) {
      ModelBundle bundle =
          new ModelBundle(
              version,
              Path.of(version),
              NetworkDescription.alexNet(LABELS.size()),
              Preprocessing.tagstream(SIDE),
              LABELS);
      return new LoadedModel() {
        @Override
        public ModelBundle bundle() {
          return bundle;
        }

        @Override
        public Engine newEngine(int maxBatch) {
          return new AnswersAtOnce(maxBatch);
        }

        @Override
        public void close() {}
      };
    }
  }

  private record AnswersAtOnce(int maxBatch) implements Engine {
    @Override
    public float[][] probabilities(List<byte[]> images, int views) {
      float[][] rows = new float[images.size()][];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = new float[] {0.5f, 0.2f, 0.1f, 0.1f, 0.05f, 0.05f};
      }
      return rows;
    }

    @Override
    public float[][] features(List<byte[]> images, int views) {
      throw new UnsupportedOperationException("only tags are computed");
    }

    @Override
    public void close() {}
  }
}
