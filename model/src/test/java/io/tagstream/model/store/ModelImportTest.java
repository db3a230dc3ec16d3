package io.tagstream.model.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import onnx.Onnx.ModelProto;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelImportTest {
  @TempDir Path folder;
  private ModelStore store;
  private ModelBundle original;

  @BeforeEach
  void store() {
    store = new ModelStore(folder.resolve("models"));
    original = new ModelStore(folder.resolve("original")).write(Drafts.tiny(1));
  }

  private static ModelImport plain(Path file) {
    return new ModelImport(file, Optional.empty(), Optional.empty());
  }

  @Test
  void anExportedBundleComesBackBitForBit() throws IOException {
    Path exported = folder.resolve("exported");
    new ModelStore(folder.resolve("original")).export(original.version(), exported);

    for (Path file : List.of(exported, exported.resolve("model.onnx"))) {
      ModelBundle imported = plain(file).into(store);

      assertThat(imported.onnx()).hasSameBinaryContentAs(original.onnx());
      assertThat(imported.network()).isEqualTo(original.network());
      assertThat(imported.preprocessing()).isEqualTo(original.preprocessing());
      assertThat(imported.labels()).isEqualTo(original.labels());
      Provenance provenance = store.metadata(imported.version()).provenance();
      assertThat(provenance.seed()).contains(1L);
      assertThat(provenance.how())
          .isEqualTo("drawn for a test; imported from version " + original.version());
    }
  }

  @Test
  void whatIsGivenOverridesAnExportedBundle() throws IOException {
    Path labels = Files.writeString(folder.resolve("names.txt"), "one\r\ntwo\r\nthree\r\n");
    ModelBundle imported =
        new ModelImport(
                original.onnx(), Optional.of(labels), Optional.of(Preprocessing.Preset.BVLC))
            .into(store);
    assertThat(imported.labels()).containsExactly("one", "two", "three");
    assertThat(imported.preprocessing()).isEqualTo(Preprocessing.bvlc(19));
  }

  @Test
  void aTamperedExportIsRefused() throws IOException {
    byte[] onnx = Files.readAllBytes(original.onnx());
    onnx[onnx.length - 4] ^= 1;
    Files.write(original.onnx(), onnx);
    assertThatThrownBy(() -> plain(original.onnx()).into(store))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("was changed");
    assertThat(store.versions()).isEmpty();
  }

  @Test
  void aFileOfOursAloneIsNumberedAndPreparedAsOurs() throws IOException {
    Path file = Files.copy(original.onnx(), folder.resolve("alone.onnx"));

    ModelBundle imported = plain(file).into(store);

    assertThat(imported.onnx()).hasSameBinaryContentAs(file);
    assertThat(imported.labels()).containsExactly("class-0", "class-1", "class-2");
    assertThat(imported.preprocessing()).isEqualTo(Preprocessing.tagstream(19));
    assertThat(store.live()).isEqualTo(imported.version());
    Provenance provenance = store.metadata(imported.version()).provenance();
    assertThat(provenance.how())
        .isEqualTo(
            "imported from alone.onnx, SHA-256 " + BundleFolder.sha256(file, Throttle.none()));
    assertThat(provenance.library()).isEqualTo("tagstream");
    assertThat(provenance.classes()).contains("numbered");
  }

  @Test
  void aModelOnnxWithoutABundleAroundItIsAFileLikeAnother() throws IOException {
    Path bare = Files.createDirectory(folder.resolve("bare"));
    Files.copy(original.onnx(), bare.resolve("model.onnx"));
    assertThat(plain(bare.resolve("model.onnx")).into(store).labels())
        .containsExactly("class-0", "class-1", "class-2");
  }

  @Test
  void aFileOfAnotherProgramIsPreparedAsBvlcs() throws IOException {
    ModelProto.Builder model =
        ModelProto.parseFrom(Files.readAllBytes(original.onnx())).toBuilder();
    Path file =
        Files.write(
            folder.resolve("foreign.onnx"), model.setProducerName("another").build().toByteArray());
    assertThat(plain(file).into(store).preprocessing()).isEqualTo(Preprocessing.bvlc(19));
    assertThat(
            new ModelImport(file, Optional.empty(), Optional.of(Preprocessing.Preset.TAGSTREAM))
                .into(store)
                .preprocessing())
        .isEqualTo(Preprocessing.tagstream(19));
  }

  @Test
  void aWrongNumberOfLabelsIsTold() throws IOException {
    Path file = Files.copy(original.onnx(), folder.resolve("alone.onnx"));
    Path labels = Files.writeString(folder.resolve("names.txt"), "one\ntwo\n");
    assertThatThrownBy(
            () -> new ModelImport(file, Optional.of(labels), Optional.empty()).into(store))
        .isInstanceOf(ModelException.class)
        .hasMessage("%s has 2 labels, but the network of %s has 3 classes".formatted(labels, file));
    Path missing = folder.resolve("missing.txt");
    assertThatThrownBy(
            () -> new ModelImport(file, Optional.of(missing), Optional.empty()).into(store))
        .isInstanceOf(ModelException.class)
        .hasMessage(missing + " is missing");
    assertThat(store.versions()).isEmpty();
  }

  @Test
  void whatIsNoModelIsTold() throws IOException {
    Path text = Files.writeString(folder.resolve("text.onnx"), "no model");
    assertThatThrownBy(() -> plain(text).into(store))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("cannot read " + text);
    Path missing = folder.resolve("missing.onnx");
    assertThatThrownBy(() -> plain(missing).into(store))
        .isInstanceOf(ModelException.class)
        .hasMessage("no file " + missing);
    assertThatThrownBy(() -> plain(Path.of("missing.onnx")).into(store))
        .isInstanceOf(ModelException.class)
        .hasMessage("no file missing.onnx");
  }
}
