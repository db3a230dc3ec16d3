package io.tagstream.model.store;

/** What a model has to pass, beyond whole files, before it may serve. */
@FunctionalInterface
public interface ServingCheck {

  /**
   * Looks at a bundle.
   *
   * @param bundle verified; its folder may not be a version's yet
   * @throws io.tagstream.model.ModelException with the reason why it cannot serve
   */
  void check(ModelBundle bundle);
}
