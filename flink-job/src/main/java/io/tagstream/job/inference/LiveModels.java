package io.tagstream.job.inference;

import io.tagstream.model.Throttle;
import io.tagstream.model.engine.LoadedModel;
import java.io.Serializable;

/**
 * Source of the models that the inference operators serve; serialized with the job's graph. Its
 * methods may block, throw {@link io.tagstream.model.ModelException} and are called from several
 * threads.
 */
public interface LiveModels extends Serializable {

  /** The version that {@code MODELS/live} names now. */
  String liveVersion();

  /**
   * Reads a version, verifies its hashes and shapes and puts its weights on the device, or shares
   * the weights that another subtask of this process already holds.
   *
   * @param throttle paces the load
   * @return to be closed by the caller, after its engines
   */
  LoadedModel load(String version, Throttle throttle);
}
