/**
 * From encoded images to the pixels of a network's input: header parsing, structure checks,
 * decoding within limits on size, memory and time, and crops.
 *
 * <p>Other packages use {@link io.tagstream.model.image.ImageDecoder} and the public value types.
 * The package knows nothing of networks, stores or training. Every fault of an image is an {@link
 * io.tagstream.model.image.UnreadableImageException}, whatever the codec threw.
 */
package io.tagstream.model.image;
