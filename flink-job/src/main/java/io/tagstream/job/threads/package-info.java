/**
 * Waits and time limits for threads that run native code. Knows nothing of the stream or of models.
 */
package io.tagstream.job.threads;
