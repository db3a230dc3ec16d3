/** Probes of how a job and a training store grow with the number of images. */
package io.tagstream.benchmarks.growth;
