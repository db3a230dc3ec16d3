package io.tagstream.job.retag;

import io.tagstream.job.flow.Coordinates;

/**
 * The first tag of an earlier prediction of an image.
 *
 * @param source the image's record
 * @param modelVersion the version that predicted it
 * @param label of the first tag
 */
public record FirstTag(Coordinates source, String modelVersion, String label) {}
