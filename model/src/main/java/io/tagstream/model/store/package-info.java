/**
 * Models on disk: a folder of bundles, and which of them is live.
 *
 * <pre>
 * MODELS/live                        one line: the live version
 * MODELS/history/TIME.json           one file for each change of it: time, action, version,
 *                                    previous, by
 * MODELS/pins/NAME                   the versions that NAME uses, one a line: they are not deleted
 * MODELS/live-accuracy.json          {@link io.tagstream.model.store.LiveAccuracyRecord}
 * MODELS/VERSION/model.onnx          the network and its weights, float32, nothing outside the file
 * MODELS/VERSION/labels.txt          UTF-8, one label a line, in class order
 * MODELS/VERSION/report.html         after a training: the page about it
 * MODELS/VERSION/model.json          {@link io.tagstream.model.store.ModelMetadata}, written last
 * </pre>
 *
 * <p>Versions are times, {@code 20261124T103000.123Z-4f2a}, so that they sort; the end tells apart
 * those of one millisecond. A bundle exists when its {@code model.json} does, and never changes.
 * {@code model.json} names the format it follows, the SHA-256 of the other files, the version the
 * model was trained from, the network and the preprocessing as data, and where it all comes from.
 */
package io.tagstream.model.store;
