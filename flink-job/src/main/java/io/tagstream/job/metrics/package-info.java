/**
 * The names of the job's metrics and their registration with Flink, in one class. Users' dashboards
 * rely on the names, which must not change. This package knows no operator.
 */
package io.tagstream.job.metrics;
