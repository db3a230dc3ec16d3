package io.tagstream.model.training;

import java.nio.file.Path;

/**
 * An image file whose class is known.
 *
 * @param id its path below the folder of folders, with slashes
 * @param classIndex in the order of the labels
 */
public record LabelledImage(String id, Path file, int classIndex) {}
