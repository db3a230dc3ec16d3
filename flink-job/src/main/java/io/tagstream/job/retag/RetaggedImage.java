package io.tagstream.job.retag;

import io.tagstream.job.flow.TaggedImage;

/**
 * An image's new answer.
 *
 * @param supersedes the version whose answer it replaces; null where there is none, since an
 *     element holds no Optional
 */
public record RetaggedImage(TaggedImage image, String supersedes) {}
