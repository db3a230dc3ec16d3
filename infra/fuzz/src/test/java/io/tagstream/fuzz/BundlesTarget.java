package io.tagstream.fuzz;

import io.tagstream.model.ModelException;
import io.tagstream.model.store.ModelStore;
import java.nio.file.Path;

/** The {@code model.json} of a bundle whose other files are valid. */
public final class BundlesTarget {
  private static final String VERSION = "20261124T103000.000Z-0001";

  private BundlesTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    Path json = Target.file("models/%s/model.json".formatted(VERSION), input);
    ModelStore store = new ModelStore(json.getParent().getParent());
    try {
      store.metadata(VERSION);
      store.open(VERSION);
    } catch (ModelException e) {
      // Expected: invalid input is refused with a reason.
    }
    store.versions();
  }
}
