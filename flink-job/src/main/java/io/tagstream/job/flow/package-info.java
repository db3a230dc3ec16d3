/**
 * The types of the elements between operators, which are also Flink state: their class and field
 * names must not change, and each must be a Flink POJO. This package knows no operator.
 */
package io.tagstream.job.flow;
