/**
 * The ablation: trainings of variants of the paper's network that each lack one idea, and the
 * comparison of their accuracy.
 *
 * <p>{@link io.tagstream.model.ablation.Ablation} runs an {@link
 * io.tagstream.model.ablation.AblationPlan}. Trainings are {@link
 * io.tagstream.model.training.Experiment}s, so nothing here writes a version to a store.
 */
package io.tagstream.model.ablation;
