/**
 * Models on disk: a folder of bundles and the name of the live one.
 *
 * <pre>
 * MODELS/live                        one line: the live version
 * MODELS/history/TIME.json           one file for each change of it: time, action, version,
 *                                    previous, by
 * MODELS/pins/NAME                   the versions that NAME uses, one per line: they are not deleted
 * MODELS/live-accuracy.json          {@link io.tagstream.model.store.LiveAccuracyRecord}
 * MODELS/VERSION/model.onnx          the network and its weights, float32, nothing outside the file
 * MODELS/VERSION/labels.txt          UTF-8, one label per line, in class order
 * MODELS/VERSION/report.html         after a training: its report page
 * MODELS/VERSION/model.json          {@link io.tagstream.model.store.ModelMetadata}, written last
 * </pre>
 *
 * <p>Versions are times, {@code 20261124T103000.123Z-4f2a}, so that they sort by time; the suffix
 * distinguishes versions of one millisecond. A bundle exists when its {@code model.json} exists,
 * and never changes. {@code model.json} holds its format, the SHA-256 of the other files, the
 * version that the model was trained from, the network and the preprocessing as data, and the
 * provenance.
 *
 * <p>Other modules use the public classes, above all {@link io.tagstream.model.store.ModelStore}.
 * The package knows neither engines, image decoding nor training code; what a model must pass
 * before it serves comes in as {@link io.tagstream.model.store.ServingCheck}.
 */
package io.tagstream.model.store;
