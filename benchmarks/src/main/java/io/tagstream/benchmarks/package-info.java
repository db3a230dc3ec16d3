/**
 * The command {@code bench}: which probes run, their targets, tables and page. Only the command is
 * used from outside.
 */
package io.tagstream.benchmarks;
