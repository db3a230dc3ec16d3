/**
 * The command {@code retag}: a bounded Flink job that tags a range of images again, outside the
 * running job. Only {@link io.tagstream.job.retag.RetagCommand} is used from outside; the stream
 * types are public because Flink's serializer requires it.
 */
package io.tagstream.job.retag;
