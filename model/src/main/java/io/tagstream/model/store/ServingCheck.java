package io.tagstream.model.store;

/**
 * A check that a model must pass before it may serve, in addition to the verification of its files.
 */
@FunctionalInterface
public interface ServingCheck {

  /**
   * Checks a bundle.
   *
   * @param bundle a verified bundle, whose folder may not be a version yet
   * @throws io.tagstream.model.ModelException if it cannot serve, with the reason
   */
  void check(ModelBundle bundle);
}
