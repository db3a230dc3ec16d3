package io.tagstream.job.retag;

import io.tagstream.job.inference.LiveModels;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.LoadedModel;

/**
 * Serves one version, independent of the live one.
 *
 * @param models loads the version
 */
record FixedVersion(LiveModels models, String version) implements LiveModels {

  @Override
  public String liveVersion() {
    return version;
  }

  @Override
  public LoadedModel load(String wanted, Throttle throttle) {
    return models.load(wanted, throttle);
  }
}
