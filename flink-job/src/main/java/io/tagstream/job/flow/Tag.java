package io.tagstream.job.flow;

/**
 * A class of the model and its probability.
 *
 * @param probability mean softmax over the image's crops, 0 to 1
 */
public record Tag(String label, int classIndex, float probability) {}
