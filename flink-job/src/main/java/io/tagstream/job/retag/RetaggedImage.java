package io.tagstream.job.retag;

import io.tagstream.job.flow.TaggedImage;

/**
 * A new prediction of an image.
 *
 * @param supersedes the version whose prediction it replaces; null if there is none: a Flink
 *     element cannot hold an Optional
 */
public record RetaggedImage(TaggedImage image, String supersedes) {}
