/**
 * The health and the status of a running job: observes it through Flink, fails it when it completes
 * no checkpoint for too long, writes its status into the model store and serves {@code /healthz}
 * and {@code /readyz}. Starting and stopping the job belongs to the parent package.
 */
package io.tagstream.job.health;
