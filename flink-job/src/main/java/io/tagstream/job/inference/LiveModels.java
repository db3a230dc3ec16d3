package io.tagstream.job.inference;

import io.tagstream.model.Throttle;
import io.tagstream.model.engine.LoadedModel;
import java.io.Serializable;

/**
 * Where the inference operators find their model; travels with the job's graph. Its methods may
 * block, throw {@link io.tagstream.model.ModelException} and are called from several threads.
 */
public interface LiveModels extends Serializable {

  /** The version that {@code MODELS/live} names now. */
  String liveVersion();

  /**
   * Reads a version, verifies its hashes and shapes and puts its weights on the device, or shares
   * those that another subtask of this process holds already.
   *
   * @param throttle asked for pauses
   * @return to be closed by the caller, after its engines
   */
  LoadedModel load(String version, Throttle throttle);
}
