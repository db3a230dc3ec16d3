package io.tagstream.job.retag;

import io.tagstream.job.inference.LiveModels;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.LoadedModel;

/**
 * One version, whatever is live.
 *
 * @param models loads it
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
