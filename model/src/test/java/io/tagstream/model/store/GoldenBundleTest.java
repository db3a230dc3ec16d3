package io.tagstream.model.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Reads stores that earlier releases wrote, {@code golden/format-N/} in the test resources. {@link
 * #main} wrote the one of the current format; a new format gets another folder, and the old ones
 * are never changed.
 */
class GoldenBundleTest {
  private static final String FIRST = "20261124T103000.000Z-0001";
  private static final String SECOND = "20261124T103001.000Z-0002";

  private static ModelDraft second() {
    ModelDraft draft = Drafts.tiny(2);
    return new ModelDraft(
        draft.weights(),
        Preprocessing.bvlc(Drafts.NETWORK.inputSize()),
        draft.labels(),
        Optional.of(FIRST),
        draft.provenance());
  }

  /**
   * Writes the store of the current format.
   *
   * @param arguments the folder to create
   */
  public static void main(String[] arguments) {
    Clock clock = Clock.fixed(Instant.parse("2026-11-24T10:30:02Z"), ZoneOffset.UTC);
    ModelStore store = new ModelStore(Path.of(arguments[0]), bundle -> {}, clock);
    store.write(FIRST, Drafts.tiny(1));
    store.write(SECOND, second());
    store.promote(SECOND, "ann");
  }

  @Test
  void format1IsRead() throws URISyntaxException {
    ModelStore store = new ModelStore(Path.of(getClass().getResource("/golden/format-1").toURI()));

    assertThat(store.versions()).containsExactly(FIRST, SECOND);
    assertThat(store.live()).isEqualTo(SECOND);
    assertThat(store.history())
        .containsExactly(
            new LiveChange(
                Instant.parse("2026-11-24T10:30:02Z"),
                LiveChange.Action.FIRST,
                FIRST,
                Optional.empty(),
                "the store"),
            new LiveChange(
                Instant.parse("2026-11-24T10:30:02Z"),
                LiveChange.Action.PROMOTED,
                SECOND,
                Optional.of(FIRST),
                "ann"));
    assertIsRead(store, FIRST, Drafts.tiny(1));
    assertIsRead(store, SECOND, second());
  }

  private static void assertIsRead(ModelStore store, String version, ModelDraft draft) {
    ModelMetadata metadata = store.metadata(version);
    assertThat(metadata.network()).isEqualTo(draft.weights().network());
    assertThat(metadata.preprocessing()).isEqualTo(draft.preprocessing());
    assertThat(metadata.parent()).isEqualTo(draft.parent());
    assertThat(metadata.provenance()).isEqualTo(draft.provenance());
    ModelBundle bundle = store.open(version);
    assertThat(bundle.labels()).isEqualTo(List.of("cat", "dog", "été"));
    Weights weights = bundle.weights();
    for (Parameter parameter : bundle.network().parameters()) {
      assertThat(weights.get(parameter.name())).isEqualTo(draft.weights().get(parameter.name()));
    }
  }
}
