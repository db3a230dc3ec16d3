/**
 * Training within the job: {@link io.tagstream.job.retrain.RetrainOperator} decides when a run
 * starts and announces its outcome; a separate thread trains. The job uses {@link
 * io.tagstream.job.retrain.Retraining} and the {@code Stored…} classes. The operator reaches the
 * disk only through {@code RunLedger}, {@code ModelVersions} and {@code Training}, and knows
 * nothing of Kafka.
 */
package io.tagstream.job.retrain;
