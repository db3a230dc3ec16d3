package io.tagstream.job.inference;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.suspects.Notes;
import io.tagstream.job.threads.Watchdog;
import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.Device;
import io.tagstream.model.engine.EngineKind;
import io.tagstream.model.engine.LoadedModel;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.serving.Engines;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import io.tagstream.settings.InferenceSettings;
import io.tagstream.settings.Settings;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A store on disk and real engines: a broken version never serves, a serving one is not deleted.
 */
@Timeout(120)
class PinnedStoreModelsTest {
  private static final NetworkDescription NETWORK = NetworkDescription.alexNet(3, 1.0 / 24);
  private static final Preprocessing PIXELS = Preprocessing.tagstream(NETWORK.inputSize());

  @TempDir Path folder;
  private ModelStore store;
  private PinnedStoreModels models;

  @BeforeEach
  void store() {
    store = new ModelStore(folder);
    models = new PinnedStoreModels(folder, EngineKind.DEEPLEARNING4J, Device.CPU);
  }

  private static ModelDraft draft(Weights weights) {
    return new ModelDraft(
        weights,
        PIXELS,
        List.of("ant", "bee", "cat"),
        Optional.empty(),
        Provenance.made("drawn for a test", "drawn", "none"));
  }

  private String write() {
    return store.write(draft(Initialisation.HE.draw(NETWORK, 1))).version();
  }

  /** Defects of a version that was made live. */
  private enum Broken {
    TRUNCATED("but was written with") {
      @Override
      void apply(Path bundle) throws IOException {
        byte[] onnx = Files.readAllBytes(bundle.resolve("model.onnx"));
        Files.write(bundle.resolve("model.onnx"), Arrays.copyOf(onnx, onnx.length / 2));
      }
    },
    WRONG_HASH("was changed: its SHA-256 is") {
      @Override
      void apply(Path bundle) throws IOException {
        byte[] onnx = Files.readAllBytes(bundle.resolve("model.onnx"));
        onnx[onnx.length / 2] ^= 1;
        Files.write(bundle.resolve("model.onnx"), onnx);
      }
    },
    NOT_A_NUMBER("fc8.bias holds NaN") {
      @Override
      void apply(Path bundle) throws IOException {
        byte[] onnx = Files.readAllBytes(bundle.resolve("model.onnx"));
        // The last value of the file is fc8's last bias.
        onnx[onnx.length - 1] = 0x7F;
        onnx[onnx.length - 2] = (byte) 0xC0;
        forge(bundle, "model.onnx", onnx);
      }
    },
    LABELS("has 2 labels for a network of 3 classes") {
      @Override
      void apply(Path bundle) throws IOException {
        forge(bundle, "labels.txt", "ant\nbee\n".getBytes(UTF_8));
      }
    },
    OVERFLOW("cannot serve: its probability of ") {
      @Override
      Weights weights() {
        Weights drawn = super.weights();
        Map<String, FloatBuffer> values = new HashMap<>();
        for (Parameter parameter : NETWORK.parameters()) {
          values.put(parameter.name(), drawn.get(parameter.name()));
        }
        FloatBuffer huge = FloatBuffer.allocate(values.get("fc6.weight").remaining());
        while (huge.hasRemaining()) {
          huge.put(huge.position() % 2 == 0 ? 3e38f : -3e38f);
        }
        values.put("fc6.weight", huge.flip());
        return new Weights(NETWORK, values);
      }
    };

    final String reason;

    Broken(String reason) {
      this.reason = reason;
    }

    void apply(Path bundle) throws IOException {}

    Weights weights() {
      return Initialisation.HE.draw(NETWORK, 2);
    }

    /** Changes a file and its size and hash in model.json, as a broken writer would. */
    private static void forge(Path bundle, String name, byte[] content) throws IOException {
      byte[] before = Files.readAllBytes(bundle.resolve(name));
      Files.write(bundle.resolve(name), content);
      Path json = bundle.resolve("model.json");
      Files.writeString(
          json,
          Files.readString(json)
              .replace(sha256(before), sha256(content))
              .replace("\"bytes\" : " + before.length, "\"bytes\" : " + content.length));
    }

    private static String sha256(byte[] content) {
      try {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private String write(Broken broken) throws IOException {
    String version = store.write(draft(broken.weights())).version();
    broken.apply(folder.resolve(version));
    return version;
  }

  @ParameterizedTest
  @EnumSource(Broken.class)
  void aBrokenVersionIsNotPromoted(Broken broken) throws IOException {
    String good = write();
    String bad = write(broken);
    assertThatThrownBy(() -> Engines.store(folder).promote(bad, "ann"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(broken.reason);
    assertThat(store.live()).isEqualTo(good);
  }

  /** Also when the live file was written directly, without the store's checks. */
  @ParameterizedTest
  @EnumSource(Broken.class)
  void aBrokenVersionDoesNotReplaceTheOneThatServes(Broken broken) throws Exception {
    String good = write();
    String bad = write(broken);
    Semaphore rejections = new Semaphore(0);
    MicroBatching batching = new MicroBatching(2, Duration.ofMillis(1), 2);
    CropGeometry geometry = CropGeometry.of(PIXELS);
    try (InferenceWorker worker =
        new InferenceWorker(
            models,
            batching,
            geometry,
            Settings.defaults().get(InferenceSettings.class),
            Watchdog.ofProcess(),
            Notes.none(),
            "1/1",
            getClass().getClassLoader(),
            (newReason, retry) -> rejections.release())) {
      worker.start();
      Files.writeString(folder.resolve("live"), bad + "\n");
      worker.reload();
      rejections.acquire();
      Semaphore answers = new Semaphore(0);
      worker.infer(
          List.of(
              new DecodedImage(
                  new Coordinates("images", 0, 0),
                  "image",
                  Optional.empty(),
                  false,
                  Optional.empty(),
                  Instant.EPOCH,
                  Instant.EPOCH,
                  100,
                  new byte[geometry.bytes(2)])),
          outcome -> {
            assertThat(outcome)
                .isInstanceOfSatisfying(
                    InferenceWorker.Computed.class,
                    answered -> assertThat(answered.modelVersion()).isEqualTo(good));
            answers.release();
          });
      answers.acquire();
      assertThat(worker.activeVersion()).isEqualTo(good);
      assertThat(store.pins().pinned()).containsExactly(good);
    }
    assertThat(store.pins().pinned()).isEmpty();
    assertThatThrownBy(() -> models.load(bad, Throttle.none()))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(broken.reason);
  }

  @Test
  void aServingVersionIsNotDeleted() {
    String first = write();
    LoadedModel serving = models.load(first, Throttle.none());
    LoadedModel shared = models.load(first, Throttle.none());
    for (int i = 0; i < 2; i++) {
      store.promote(write(), "ann");
    }
    assertThat(store.prune(2)).hasSize(1).doesNotContain(first);
    serving.close();
    assertThat(store.prune(2)).isEmpty();
    shared.close();
    assertThat(store.prune(2)).containsExactly(first);
  }

  @Test
  void aStoreThatCannotBePinnedIsServed() throws IOException {
    String version = write();
    Files.createFile(folder.resolve("pins"));
    models.load(version, Throttle.none()).close();
  }
}
