/**
 * Kafka in this process, for the commands {@code broker}, {@code topics} and {@code demo}, and what
 * these share. It may use every module above it; only {@code cli} and {@code benchmarks} use it.
 */
package io.tagstream.local;
