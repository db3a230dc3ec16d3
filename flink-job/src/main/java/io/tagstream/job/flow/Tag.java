package io.tagstream.job.flow;

/**
 * One of a model's classes and how likely it is.
 *
 * @param probability mean softmax over the image's crops, 0 to 1
 */
public record Tag(String label, int classIndex, float probability) {}
