package io.tagstream.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.onnx.TinyNetworks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStoreTest {
  private static final Instant NOW = Instant.parse("2026-11-24T10:30:00.123Z");

  @TempDir Path folder;
  private Path models;
  private ModelStore store;

  @BeforeEach
  void store() {
    models = folder.resolve("models");
    store = new ModelStore(models);
  }

  private static void assertSame(Weights found, Weights expected) {
    for (Parameter parameter : expected.network().parameters()) {
      assertThat(found.get(parameter.name())).isEqualTo(expected.get(parameter.name()));
    }
  }

  /** Changes a file of the bundle and records its new hash. */
  private void forge(String version, String name, byte[] content) throws IOException {
    BundleFolder bundle = new BundleFolder(models.resolve(version));
    ModelMetadata old = bundle.metadata();
    Path file = Files.write(models.resolve(version).resolve(name), content);
    Map<String, ModelMetadata.StoredFile> files = new HashMap<>(old.files());
    files.put(
        name,
        new ModelMetadata.StoredFile(content.length, BundleFolder.sha256(file, Throttle.none())));
    rewrite(
        new ModelMetadata(
            old.format(),
            version,
            old.parent(),
            files,
            old.network(),
            old.preprocessing(),
            old.provenance(),
            old.verdict()));
  }

  private void rewrite(ModelMetadata metadata) throws IOException {
    Files.write(json(metadata.version()), StoreJson.write(metadata));
  }

  private Path json(String version) {
    return models.resolve(version).resolve("model.json");
  }

  private void replaceInJson(String version, String text, String other) throws IOException {
    String json = Files.readString(json(version));
    assertThat(json).contains(text);
    Files.writeString(json(version), json.replace(text, other));
  }

  private void assertRefused(String version, String... message) {
    assertThatThrownBy(() -> store.open(version))
        .isInstanceOf(ModelException.class)
        .hasMessageContainingAll(message);
  }

  @Test
  void whatIsWrittenIsOpenedAgain() {
    ModelBundle written = store.write(Drafts.tiny(1));

    ModelBundle opened = store.openLive();

    assertThat(opened).isEqualTo(written);
    assertThat(opened.labels()).isEqualTo(Drafts.LABELS);
    assertSame(opened.weights(), TinyNetworks.weights(Drafts.NETWORK, 1));
    ModelMetadata metadata = store.metadata(written.version());
    assertThat(metadata.provenance()).isEqualTo(Drafts.tiny(1).provenance());
    assertThat(metadata.network()).isEqualTo(Drafts.NETWORK);
    assertThat(metadata.parent()).isEmpty();
  }

  @Test
  void theFirstVersionIsLiveALaterOneACandidate() {
    String first = store.write(Drafts.tiny(1)).version();
    String second = store.write(Drafts.tiny(2)).version();

    assertThat(store.versions()).containsExactly(first, second);
    assertThat(store.live()).isEqualTo(first);
  }

  @Test
  void promotionsAreUndoneOneByOne() {
    String first = store.write(Drafts.tiny(1)).version();
    String second = store.write(Drafts.tiny(2)).version();
    String third = store.write(Drafts.tiny(3)).version();

    store.promote(second, "ann");
    store.promote(third, "bob");
    assertThat(store.live()).isEqualTo(third);
    assertThat(store.rollback("eve")).isEqualTo(second);
    assertThat(store.live()).isEqualTo(second);
    assertThat(store.rollback("eve")).isEqualTo(first);
    assertThat(store.live()).isEqualTo(first);

    assertThatThrownBy(() -> store.rollback("eve"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("no version was live before " + first)
        .hasMessageContaining("./tagstream model promote V --models " + models);
    assertThat(store.live()).isEqualTo(first);
    assertThat(store.history())
        .extracting(LiveChange::action, LiveChange::version, LiveChange::previous, LiveChange::by)
        .containsExactly(
            tuple(LiveChange.Action.FIRST, first, Optional.empty(), "the store"),
            tuple(LiveChange.Action.PROMOTED, second, Optional.of(first), "ann"),
            tuple(LiveChange.Action.PROMOTED, third, Optional.of(second), "bob"),
            tuple(LiveChange.Action.ROLLED_BACK, second, Optional.of(third), "eve"),
            tuple(LiveChange.Action.ROLLED_BACK, first, Optional.of(second), "eve"));
  }

  @Test
  void aPromotionInPlaceOfAVersionThatIsNotLiveChangesNothing() {
    String first = store.write(Drafts.tiny(1)).version();
    String second = store.write(Drafts.tiny(2)).version();
    String third = store.write(Drafts.tiny(3)).version();
    assertThat(store.promote(second, "ann", third)).isFalse();
    assertThat(store.live()).isEqualTo(first);
    assertThat(store.history()).hasSize(1);
    assertThat(store.promote(second, "ann", first)).isTrue();
    assertThat(store.live()).isEqualTo(second);
  }

  @Test
  void promotingTheLiveVersionAgainDoesNotHideTheOneBefore() {
    String first = store.write(Drafts.tiny(1)).version();
    String second = store.write(Drafts.tiny(2)).version();
    store.promote(second, "ann");
    store.promote(second, "ann");
    assertThat(store.rollback("ann")).isEqualTo(first);
  }

  @Test
  void aPromotionThatCrashedBeforeItTookEffectMisleadsNoRollback() throws IOException {
    String first = store.write(Drafts.tiny(1)).version();
    String second = store.write(Drafts.tiny(2)).version();
    String third = store.write(Drafts.tiny(3)).version();
    store.promote(second, "ann");
    store.promote(third, "ann");
    Files.writeString(models.resolve("live"), second + "\n");

    assertThat(store.rollback("ann")).isEqualTo(first);
  }

  @Test
  void aBrokenVersionIsNeitherPromotedNorRolledBackTo() throws IOException {
    String first = store.write(Drafts.tiny(1)).version();
    String second = store.write(Drafts.tiny(2)).version();
    String third = store.write(Drafts.tiny(3)).version();
    Files.writeString(models.resolve(second).resolve("labels.txt"), "cat\ndog\nfox\n");
    assertThatThrownBy(() -> store.promote(second, "ann")).isInstanceOf(ModelException.class);
    assertThat(store.live()).isEqualTo(first);

    store.promote(third, "ann");
    Files.delete(models.resolve(first).resolve("model.onnx"));
    assertThatThrownBy(() -> store.rollback("ann")).isInstanceOf(ModelException.class);
    assertThat(store.live()).isEqualTo(third);
  }

  @Test
  void aStoreWithoutModelsSaysHowToGetOne() throws IOException {
    assertThat(store.versions()).isEmpty();
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(store::openLive)
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("no model in " + models)
          .hasMessageContaining("./tagstream train --images DIR --models " + models)
          .hasMessageContaining("./tagstream model import FILE --models " + models);
      assertRefused("20261124T103000.123Z-4f2a", "no model in " + models, "./tagstream train");
      Files.createDirectories(models);
    }
  }

  @Test
  void aStoreThatIsAFileIsTold() throws IOException {
    Files.createFile(models);
    assertThatThrownBy(store::versions)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("is not a folder");
    assertThatThrownBy(() -> store.write(Drafts.tiny(1))).isInstanceOf(ModelException.class);
  }

  @Test
  void withoutALiveVersionThePromotionIsNamed() throws IOException {
    String version = store.write(Drafts.tiny(1)).version();
    Files.delete(models.resolve("live"));
    assertThatThrownBy(store::live)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("./tagstream model promote " + version + " --models " + models);
  }

  @Test
  void aLiveFileThatNamesNoVersionIsTold() throws IOException {
    String version = store.write(Drafts.tiny(1)).version();
    Files.writeString(models.resolve("live"), "../elsewhere\n");
    assertThatThrownBy(store::openLive)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("live does not name a version: '../elsewhere'");

    store.promote(version, "ann");
    assertThat(store.live()).isEqualTo(version);
  }

  @Test
  void unknownVersionsAndNamesThatLeadOutsideAreTold() {
    store.write(Drafts.tiny(1));
    assertRefused("20990101T000000.000Z-0000", "no version 20990101T000000.000Z-0000 in " + models);
    assertRefused("../models", "'../models' is not a version's name");
    assertRefused("", "'' is not a version's name");
  }

  @Test
  void unfinishedFoldersAreLeftOut() throws IOException {
    String version = store.write(Drafts.tiny(1)).version();
    Path unfinished = Files.createDirectories(models.resolve("20261124T103000.000Z-0000"));
    Files.copy(models.resolve(version).resolve("model.onnx"), unfinished.resolve("model.onnx"));
    assertThat(store.versions()).containsExactly(version);
    assertRefused("20261124T103000.000Z-0000", "no version 20261124T103000.000Z-0000");
  }

  @Test
  void aChangedByteIsFound() throws IOException {
    String version = store.write(Drafts.tiny(1)).version();
    for (String name : List.of("model.onnx", "labels.txt")) {
      Path file = models.resolve(version).resolve(name);
      byte[] content = Files.readAllBytes(file);
      content[content.length / 2] ^= 1;
      Files.write(file, content);
      assertRefused(version, file.toString(), "was changed: its SHA-256 is");
      content[content.length / 2] ^= 1;
      Files.write(file, content);
    }
    assertThatCode(() -> store.open(version)).doesNotThrowAnyException();
  }

  @Test
  void aMissingFileIsFound() throws IOException {
    for (String name : List.of("model.onnx", "labels.txt")) {
      String version = store.write(Drafts.tiny(1)).version();
      Path file = models.resolve(version).resolve(name);
      Files.delete(file);
      assertRefused(version, file + " is missing");
    }
  }

  @Test
  void aTruncatedFileIsFound() throws IOException {
    String version = store.write(Drafts.tiny(1)).version();
    Path file = models.resolve(version).resolve("model.onnx");
    byte[] content = Files.readAllBytes(file);
    byte[] half =
        ByteBuffer.allocate(content.length / 2).put(content, 0, content.length / 2).array();
    Files.write(file, half);
    assertRefused(
        version,
        file + " has %d bytes, but was written with %d".formatted(half.length, content.length));

    forge(version, "model.onnx", half);
    assertRefused(version, "cannot read " + file, "it is truncated");
  }

  @Test
  void aWrongNumberOfLabelsIsFound() throws IOException {
    String version = store.write(Drafts.tiny(1)).version();
    forge(version, "labels.txt", "cat\ndog\n".getBytes(StandardCharsets.UTF_8));
    assertRefused(version, "labels.txt has 2 labels for a network of 3 classes");
    forge(version, "labels.txt", new byte[] {(byte) 0xFF, '\n', 'a', '\n', 'b', '\n'});
    assertRefused(version, "labels.txt is not UTF-8");
  }

  @Test
  void aWeightThatIsNoNumberIsRefused() throws IOException {
    Map<String, FloatBuffer> values = new HashMap<>();
    Weights good = TinyNetworks.weights(Drafts.NETWORK, 1);
    for (Parameter parameter : Drafts.NETWORK.parameters()) {
      FloatBuffer copy = FloatBuffer.allocate((int) parameter.count());
      values.put(parameter.name(), copy.put(good.get(parameter.name())).flip());
    }
    values.get("fc7.weight").put(11, Float.NaN);
    ModelDraft draft = Drafts.tiny(1);
    ModelDraft broken =
        new ModelDraft(
            new Weights(Drafts.NETWORK, values),
            draft.preprocessing(),
            draft.labels(),
            draft.parent(),
            draft.provenance());
    assertThatThrownBy(() -> store.write(broken))
        .isInstanceOf(ModelException.class)
        .hasMessage("the new model: fc7.weight holds NaN");
    assertThat(store.versions()).isEmpty();

    String version = store.write(draft).version();
    byte[] onnx = Files.readAllBytes(models.resolve(version).resolve("model.onnx"));
    // The last number of the file is fc8's last bias; make it infinite.
    onnx[onnx.length - 1] = 0x7F;
    onnx[onnx.length - 2] = (byte) 0x80;
    onnx[onnx.length - 3] = 0;
    onnx[onnx.length - 4] = 0;
    forge(version, "model.onnx", onnx);
    assertRefused(version, "model.onnx: fc8.bias holds Infinity");
  }

  @Test
  void aGraphThatIsNotTheDescribedNetworkIsFound() throws IOException {
    String version = store.write(Drafts.tiny(1)).version();
    replaceInJson(version, "\"dropout\" : 0.25", "\"dropout\" : 0.75");
    assertRefused(version, "model.onnx holds another network", "dropout=0.25", "dropout=0.75");
  }

  @Test
  void damagedMetadataIsTold() throws IOException {
    String version = store.write(Drafts.tiny(1)).version();
    String json = Files.readString(json(version));

    Files.writeString(json(version), json.substring(0, json.length() / 2));
    assertRefused(version, "cannot use " + json(version));
    Files.writeString(json(version), json.replace("\"kernel\" : 5,", ""));
    assertRefused(version, "cannot use " + json(version) + ": network.convolutions[0].kernel: ");
    Files.writeString(json(version), json.replace("\"preprocessing\"", "\"other\""));
    assertRefused(version, "cannot use " + json(version), "no preprocessing");
    Files.writeString(json(version), json.replace("\"format\" : 1", "\"format\" : 2"));
    assertRefused(version, "format 2, but this Tagstream reads formats up to 1");
    Files.writeString(json(version), json.replace("\"crop\" : 19", "\"crop\" : 18"));
    assertRefused(version, "crops of 18 pixels for a network with inputs of 19");
    Files.writeString(json(version), json.replace("\"labels.txt\"", "\"other.txt\""));
    assertRefused(version, json(version) + " does not list labels.txt");
    Files.writeString(json(version), "");
    assertRefused(version, "cannot use " + json(version));
    Files.writeString(json(version), json);
    assertThatCode(() -> store.open(version)).doesNotThrowAnyException();
  }

  @Test
  void fieldsOfALaterReleaseArePassedOver() throws IOException {
    String version = store.write(Drafts.tiny(1)).version();
    replaceInJson(version, "\"format\" : 1,", "\"format\" : 1, \"new\" : {\"a\" : [1]},");
    replaceInJson(version, "\"kernel\" : 5,", "\"kernel\" : 5, \"dilation\" : 1,");
    assertThatCode(() -> store.open(version)).doesNotThrowAnyException();
  }

  @Test
  void absentValuesAreLeftOut() throws IOException {
    ModelDraft draft = Drafts.tiny(1);
    ModelBundle bundle =
        store.write(
            new ModelDraft(
                draft.weights(),
                draft.preprocessing(),
                draft.labels(),
                Optional.empty(),
                Provenance.made("drawn", "drawn", "none")));
    String json = Files.readString(json(bundle.version()));
    assertThat(json).doesNotContain("null", "seed", "metrics", "parent", "hyperParameters");
    assertThat(store.metadata(bundle.version()).provenance().metrics()).isEmpty();
  }

  @Test
  void aRenamedFolderIsTold() throws IOException {
    String version = store.write(Drafts.tiny(1)).version();
    Files.move(models.resolve(version), models.resolve("renamed"));
    assertRefused("renamed", "renamed holds version " + version);
  }

  @Test
  void versionsSortByTimeAlsoWhenTheClockGoesBack() {
    List<String> written = new ArrayList<>();
    for (Duration offset :
        List.of(Duration.ZERO, Duration.ZERO, Duration.ofDays(-1), Duration.ofMillis(7))) {
      Clock clock = Clock.fixed(NOW.plus(offset), ZoneOffset.UTC);
      written.add(new ModelStore(models, bundle -> {}, clock).write(Drafts.tiny(1)).version());
    }
    assertThat(store.versions()).isEqualTo(written);
    assertThat(written.get(0)).matches("20261124T103000\\.123Z-[0-9a-f]{4}");
    assertThat(written.get(1)).startsWith("20261124T103000.124Z-");
    assertThat(written.get(2)).startsWith("20261124T103000.125Z-");
    assertThat(written.get(3)).startsWith("20261124T103000.130Z-");
  }

  @Test
  void ofTwoWritersOfOneVersionOneWinsAndTheOtherIsToldWhatIsThere() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 10; round++) {
        String version = "round-" + round;
        CyclicBarrier start = new CyclicBarrier(2);
        List<Future<ModelBundle>> writers = new ArrayList<>();
        for (long seed = 1; seed <= 2; seed++) {
          ModelDraft draft = Drafts.tiny(seed);
          writers.add(
              threads.submit(
                  () -> {
                    start.await();
                    return store.write(version, draft);
                  }));
        }
        for (Future<ModelBundle> writer : writers) {
          assertThat(writer.get()).isEqualTo(store.open(version));
        }
      }
      assertThat(models).isDirectoryNotContaining("glob:**/.*");
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aPublicationThatCrashedIsMadeAgain() throws IOException {
    String live = store.write(Drafts.tiny(1)).version();
    String reserved = store.newVersion();
    assertThat(reserved).isGreaterThan(live);
    Path unfinished = Files.createDirectory(models.resolve(reserved));
    Files.writeString(unfinished.resolve("model.onnx"), "half");
    Files.writeString(unfinished.resolve("report.html"), "half");

    ModelBundle written = store.write(reserved, Drafts.tiny(2));

    assertThat(written.version()).isEqualTo(reserved);
    assertThat(store.open(reserved)).isEqualTo(written);
    assertThat(unfinished.resolve("report.html")).doesNotExist();
    assertThat(store.write(reserved, Drafts.tiny(3))).isEqualTo(written);
    assertSame(store.open(reserved).weights(), TinyNetworks.weights(Drafts.NETWORK, 2));
    assertThat(store.versions()).containsExactly(live, reserved);
    assertThat(store.live()).isEqualTo(live);
  }

  @Test
  void aFirstPublicationThatCrashedBeforeItWasLiveIsLiveWhenMadeAgain() throws IOException {
    String version = store.write(Drafts.tiny(1)).version();
    Files.delete(models.resolve("live"));
    store.write(version, Drafts.tiny(1));
    assertThat(store.live()).isEqualTo(version);
  }

  @Test
  void aNewNameIsLaterThanThoseOfTrainings() throws IOException {
    Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    Files.createDirectories(models.resolve("runs").resolve("20261124T103000.200Z-0000"));
    assertThat(new ModelStore(models, bundle -> {}, clock).newVersion())
        .startsWith("20261124T103000.201Z-");
  }

  @Test
  void theReportIsOneOfTheBundlesFiles() throws IOException {
    ModelDraft draft = Drafts.tiny(1);
    String page = "<html>été</html>";
    String version =
        store
            .write(
                new ModelDraft(
                    draft.weights(),
                    draft.preprocessing(),
                    draft.labels(),
                    draft.parent(),
                    draft.provenance(),
                    draft.verdict(),
                    Optional.of(page)))
            .version();
    Path report = store.root().resolve(version).resolve("report.html");
    assertThat(report).content(StandardCharsets.UTF_8).isEqualTo(page);
    assertThat(store.metadata(version).files()).containsKey("report.html").hasSize(3);
    store.export(version, store.root().resolveSibling("exported"));
    assertThat(store.root().resolveSibling("exported/report.html")).hasSameBinaryContentAs(report);
    assertThat(store.root().resolve(store.write(draft).version()).resolve("report.html"))
        .doesNotExist();

    Files.writeString(report, page.replace("été", "ete!!"));

    assertRefused(version, report.toString(), "was changed: its SHA-256 is");
  }

  @Test
  void theVerdictIsPartOfTheBundle() throws IOException {
    ModelDraft draft = Drafts.tiny(1);
    Verdict verdict =
        new Verdict(
            Verdict.Outcome.NO_GAIN,
            "no gain",
            Optional.of(new Verdict.Incumbent("v0", new Verdict.Scores(0.5, 1))),
            new Verdict.Scores(0.25, 0.75),
            2,
            1,
            0.5,
            List.of(new Verdict.ClassFinding("cat", 4, 2, 1, 2, 1, 0.5, false)),
            Map.of("cat", Map.of("cat", 1, "dog", 3)),
            4,
            1);
    String version =
        store
            .write(
                new ModelDraft(
                    draft.weights(),
                    draft.preprocessing(),
                    draft.labels(),
                    draft.parent(),
                    draft.provenance(),
                    Optional.of(verdict),
                    Optional.empty()))
            .version();
    assertThat(store.metadata(version).verdict()).contains(verdict);
    assertThat(Files.readString(json(version)))
        .contains("\"outcome\" : \"NO_GAIN\"", "\"b\" : 2", "\"c\" : 1", "\"p\" : 0.5");
    String bare = store.write(draft).version();
    assertThat(store.metadata(bare).verdict()).isEmpty();
    assertThat(Files.readString(json(bare))).doesNotContain("verdict");
  }

  @Test
  void liveAccuracyIsWhatWasSaidLast() throws IOException {
    store.write(Drafts.tiny(1));
    assertThat(store.liveAccuracy().versions()).isEmpty();
    store.write(new LiveAccuracyRecord(Map.of("v1", new LiveAccuracyRecord.Score(1, 2))));
    LiveAccuracyRecord record =
        new LiveAccuracyRecord(Map.of("v1", new LiveAccuracyRecord.Score(3, 5)));
    store.write(record);
    assertThat(store.liveAccuracy()).isEqualTo(record);
    Files.writeString(models.resolve("live-accuracy.json"), "{\"versions\": {\"v1\": 3}}");
    assertThatThrownBy(store::liveAccuracy)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("cannot use " + models.resolve("live-accuracy.json"));
  }

  @Test
  void ofTwoFirstVersionsOneIsLive() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      CyclicBarrier start = new CyclicBarrier(2);
      List<Future<String>> writers = new ArrayList<>();
      for (long seed = 1; seed <= 2; seed++) {
        ModelDraft draft = Drafts.tiny(seed);
        writers.add(
            threads.submit(
                () -> {
                  start.await();
                  return store.write(draft).version();
                }));
      }
      List<String> versions = new ArrayList<>();
      for (Future<String> writer : writers) {
        versions.add(writer.get());
      }
      assertThat(store.versions()).containsExactlyInAnyOrderElementsOf(versions);
      assertThat(versions).contains(store.live());
      assertThat(store.history()).hasSize(1);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aReaderSeesTheOldOrTheNewLiveVersion() throws Exception {
    String first = store.write(Drafts.tiny(1)).version();
    String second = store.write(Drafts.tiny(2)).version();
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try {
      Future<Integer> reader =
          threads.submit(
              () -> {
                int reads = 0;
                while (!done.get()) {
                  assertThat(store.live()).isIn(first, second);
                  reads++;
                }
                return reads;
              });
      for (int i = 0; i < 40; i++) {
        store.promote(i % 2 == 0 ? second : first, "ann");
      }
      done.set(true);
      assertThat(reader.get()).isPositive();
    } finally {
      threads.shutdownNow();
    }
    try (Stream<Path> left = Files.list(models)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder(first, second, "live", "history", "pins");
    }
  }

  @Test
  void aFileSystemWithoutLinksMappingAndAtomicMovesWillDo() throws IOException {
    try (FileSystem zip =
        FileSystems.newFileSystem(folder.resolve("models.zip"), Map.of("create", "true"))) {
      ModelStore other = new ModelStore(zip.getPath("/models"));
      String first = other.write(Drafts.tiny(1)).version();
      String second = other.write(Drafts.tiny(2)).version();
      other.promote(second, "ann");

      assertThat(other.versions()).containsExactly(first, second);
      assertThat(other.live()).isEqualTo(second);
      assertSame(other.openLive().weights(), TinyNetworks.weights(Drafts.NETWORK, 2));
      assertThat(other.rollback("ann")).isEqualTo(first);
      assertThat(other.write(first, Drafts.tiny(3))).isEqualTo(other.open(first));
      assertSame(other.open(first).weights(), TinyNetworks.weights(Drafts.NETWORK, 1));

      String reserved = other.newVersion();
      Files.createDirectory(other.root().resolve(reserved));
      Files.writeString(other.root().resolve(reserved).resolve("model.onnx"), "half");
      other.write(reserved, Drafts.tiny(3));
      assertSame(other.open(reserved).weights(), TinyNetworks.weights(Drafts.NETWORK, 3));
      assertThat(other.prune(2)).containsExactly(second);
    }
  }

  @Test
  void anExportIsTheBundleFileForFile() throws IOException {
    String version = store.write(Drafts.tiny(1)).version();
    Path target = folder.resolve("exported").resolve("model");

    store.export(version, target);

    for (String name : List.of("model.onnx", "labels.txt", "model.json")) {
      assertThat(target.resolve(name))
          .hasSameBinaryContentAs(models.resolve(version).resolve(name));
    }
    assertThatThrownBy(() -> store.export(version, target))
        .isInstanceOf(ModelException.class)
        .hasMessage(target + " is not empty: export into a new or empty folder");
    Path empty = Files.createDirectory(folder.resolve("empty"));
    store.export(version, empty);
    assertThat(empty.resolve("model.json")).exists();
  }

  @Test
  void draftsThatDoNotFitTogetherAreRefused() {
    ModelDraft draft = Drafts.tiny(1);
    NetworkDescription network = draft.weights().network();
    for (List<String> labels :
        List.of(List.of("a", "b"), List.of("a", " ", "c"), List.of("a", "b\nc", "d"))) {
      assertThatThrownBy(
              () ->
                  new ModelDraft(
                      draft.weights(),
                      draft.preprocessing(),
                      labels,
                      Optional.empty(),
                      draft.provenance()))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("label");
    }
    assertThatThrownBy(
            () ->
                new ModelDraft(
                    draft.weights(),
                    Preprocessing.tagstream(network.inputSize() + 1),
                    Drafts.LABELS,
                    Optional.empty(),
                    draft.provenance()))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("crops of 20 pixels for a network with inputs of 19");
  }
}
