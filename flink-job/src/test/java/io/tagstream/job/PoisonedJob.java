package io.tagstream.job;

import io.tagstream.job.decode.DeadlyDecoding;
import io.tagstream.job.decode.DecodeOperator;
import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.LiveModelChanged;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.inference.FakeModels;
import io.tagstream.job.inference.LiveModels;
import io.tagstream.job.inference.MicroBatchOperator;
import io.tagstream.job.inference.MicroBatching;
import io.tagstream.job.snapshot.JobLock;
import io.tagstream.job.snapshot.ResumeDecision;
import io.tagstream.job.snapshot.ResumeDecision.Transactions;
import io.tagstream.job.snapshot.ResumeDecision.Wish;
import io.tagstream.job.snapshot.SnapshotFolder;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.Engine;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.store.ModelBundle;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.CheckpointSettings;
import io.tagstream.settings.ImageSettings;
import io.tagstream.settings.InferenceSettings;
import io.tagstream.settings.JobSettings;
import io.tagstream.settings.KafkaSettings;
import io.tagstream.settings.Settings;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import javax.imageio.ImageIO;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.BasePathBucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;

/**
 * Decoding and inference of a job in a separate process, which dies at some images. It resumes from
 * its checkpoints, and writes files that a checkpoint commits.
 *
 * <p>Arguments: a folder, how many images, the parallelism of decoding; then {@code OFFSET=FATE}.
 */
public final class PoisonedJob {
  private static final int SIDE = 9;

  /** How often an image waits to be killed: once among others, then alone. */
  static final int WAITS = 2;

  private PoisonedJob() {}

  /** What an image does to the process. */
  enum Fate {
    FINE(0),
    /** The process ends in its decoder. */
    DECODER_DIES(10),
    /** The process ends in the engine. */
    ENGINE_DIES(20),
    /** The engine hangs. */
    ENGINE_HANGS(30),
    /** The first times, the decoder waits for the process to be killed from outside. */
    DECODER_WAITS(40),
    /** The first times, the engine waits for the process to be killed from outside. */
    ENGINE_WAITS(50);

    /** The red of the image, by which the decoder and the engine recognize it. */
    private final int red;

    Fate(int red) {
      this.red = red;
    }
  }

  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    Map<Long, Fate> fates = new HashMap<>();
    for (String fate : List.of(args).subList(3, args.length)) {
      String[] words = fate.split("=", 2);
      fates.put(Long.parseLong(words[0]), Fate.valueOf(words[1]));
    }
    try (RunningJob job =
        start(folder, Long.parseLong(args[1]), Integer.parseInt(args[2]), Map.copyOf(fates))) {
      while (!job.await(Duration.ofMillis(100))) {
        // Until the last image has its prediction or rejection.
      }
    }
    System.exit(0);
  }

  private static RunningJob start(Path folder, long images, int decoders, Map<Long, Fate> fates) {
    Settings settings =
        Settings.load(
            Optional.empty(),
            Map.of("checkpoint.interval", "100 ms", "checkpoint.min-pause", "0 ms"),
            Map.of());
    SnapshotFolder snapshots = new SnapshotFolder(folder.toString(), "test");
    JobLock lock = JobLock.take(folder.resolve("test"), "test");
    ResumeDecision decision =
        ResumeDecision.of(
            snapshots,
            new Wish(false, false),
            Optional.empty(),
            new Transactions(Duration.ofMinutes(15), Duration.ofDays(7)),
            Duration.ofMillis(100),
            Instant.now());
    snapshots.write(decision.notes());
    Configuration options =
        FlinkOptions.ofJob(
            "test",
            settings.get(CheckpointSettings.class),
            settings.get(JobSettings.class),
            settings.get(KafkaSettings.class),
            snapshots.location());
    FlinkOptions.resume(options, decision);
    FlinkOptions.ofMiniCluster(options);
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(options);
    environment.setParallelism(1);
    NotePlace notes = NotePlace.at(folder.resolve("test").resolve("suspects"));
    // A Path is not serializable.
    String traps = folder.toString();
    CropGeometry geometry = new CropGeometry(FakeModels.RESIZE, FakeModels.CROP);

    SingleOutputStreamOperator<DecodedImage> decoded =
        environment
            .fromSource(
                new DataGeneratorSource<>(
                    n ->
                        new IncomingRecord(
                            new Coordinates("images", 0, n),
                            Instant.ofEpochMilli(n),
                            true,
                            image(n, fates.getOrDefault(n, Fate.FINE))),
                    images,
                    RateLimiterStrategy.perSecond(200),
                    TypeInformation.of(IncomingRecord.class)),
                WatermarkStrategy.noWatermarks(),
                "Images")
            .uid("images")
            .rebalance()
            .process(
                DeadlyDecoding.operator(
                    geometry,
                    settings.get(ImageSettings.class),
                    notes,
                    content -> meet(Path.of(traps), red(content))))
            .uid("decode")
            .setParallelism(decoders);

    SingleOutputStreamOperator<TaggedImage> tagged =
        decoded
            .connect(
                environment
                    .fromSource(
                        new DataGeneratorSource<>(
                            n -> new LiveModelChanged(new Coordinates("model-updates", 0, n)),
                            1,
                            TypeInformation.of(LiveModelChanged.class)),
                        WatermarkStrategy.noWatermarks(),
                        "Updates")
                    .uid("updates")
                    .broadcast())
            .transform(
                "Inference",
                TypeInformation.of(TaggedImage.class),
                new MicroBatchOperator(
                    new DeadlyModels(new FakeModels(), traps),
                    new MicroBatching(8, Duration.ofMillis(50), 1),
                    geometry,
                    new InferenceSettings(Duration.ofSeconds(2), Duration.ofMinutes(1)),
                    notes))
            .uid("inference");

    tagged
        .map(image -> Long.toString(image.source().offset()))
        .returns(Types.STRING)
        .uid("lines")
        .sinkTo(lines(folder.resolve("predictions")))
        .uid("predictions");
    decoded
        .getSideOutput(DecodeOperator.REJECTED)
        .map(image -> "%d %s %s".formatted(image.source.offset(), image.stage.word(), image.reason))
        .returns(Types.STRING)
        .uid("rejected-lines")
        .sinkTo(lines(folder.resolve("rejections")))
        .uid("rejections");
    return RunningJob.submit(
        environment.getStreamGraph(), options, decoders, "test", snapshots, lock);
  }

  private static FileSink<String> lines(Path folder) {
    return FileSink.<String>forRowFormat(
            new org.apache.flink.core.fs.Path(folder.toUri()), new SimpleStringEncoder<>())
        .withBucketAssigner(new BasePathBucketAssigner<>())
        .withRollingPolicy(OnCheckpointRollingPolicy.build())
        .build();
  }

  private static byte[] image(long offset, Fate fate) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < SIDE * SIDE; i++) {
      // A black image is a warm-up.
      image.setRGB(i % SIDE, i / SIDE, fate.red << 16 | 0x0101);
    }
    return WireFormat.of(Image.class)
        .encode(
            Image.newBuilder()
                .setId("image-" + offset)
                .setContent(ByteBuffer.wrap(png(image)))
                .setAttributes(Map.of())
                .build());
  }

  private static byte[] png(BufferedImage image) {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", png);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return png.toByteArray();
  }

  private static Optional<Fate> fate(int red) {
    return List.of(Fate.values()).stream().filter(fate -> fate.red == red).findFirst();
  }

  private static boolean inDecoder(Fate fate) {
    return fate == Fate.DECODER_DIES || fate == Fate.DECODER_WAITS;
  }

  private static int red(byte[] content) {
    try {
      return ImageIO.read(new ByteArrayInputStream(content)).getRGB(0, 0) >> 16 & 0xff;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Called when the decoder reads an image. */
  private static void meet(Path folder, int red) {
    fate(red).filter(PoisonedJob::inDecoder).ifPresent(fate -> suffer(folder, fate));
  }

  private static void suffer(Path folder, Fate fate) {
    switch (fate) {
      case FINE -> {}
      case DECODER_DIES, ENGINE_DIES -> Runtime.getRuntime().halt(3);
      case ENGINE_HANGS -> waitForever();
      case DECODER_WAITS, ENGINE_WAITS -> {
        for (int time = 1; time <= WAITS; time++) {
          try {
            Files.createFile(folder.resolve(fate.name() + time));
          } catch (IOException e) {
            // The process was killed here before.
            continue;
          }
          waitForever();
        }
      }
    }
  }

  private static void waitForever() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private record DeadlyModels(FakeModels models, String folder) implements LiveModels {
    @Override
    public String liveVersion() {
      return models.liveVersion();
    }

    @Override
    public LoadedModel load(String version, Throttle throttle) {
      LoadedModel model = models.load(version, throttle);
      return new LoadedModel() {
        @Override
        public ModelBundle bundle() {
          return model.bundle();
        }

        @Override
        public Engine newEngine(int maxBatch) {
          return deadly(model.newEngine(maxBatch));
        }

        @Override
        public void close() {
          model.close();
        }
      };
    }

    private Engine deadly(Engine engine) {
      return new Engine() {
        @Override
        public int maxBatch() {
          return engine.maxBatch();
        }

        @Override
        public float[][] probabilities(List<byte[]> images, int views) {
          for (byte[] pixels : images) {
            fate(pixels[0])
                .filter(fate -> !inDecoder(fate))
                .ifPresent(fate -> suffer(Path.of(folder), fate));
          }
          return engine.probabilities(images, views);
        }

        @Override
        public float[][] features(List<byte[]> images, int views) {
          return engine.features(images, views);
        }

        @Override
        public void close() {
          engine.close();
        }
      };
    }
  }
}
