/**
 * Reads and writes networks as ONNX files. Entry points are {@link
 * io.tagstream.model.onnx.OnnxReader} and {@link io.tagstream.model.onnx.OnnxWriter}; {@link
 * io.tagstream.model.onnx.FileMapping} copies and maps a file. Files may be hostile: sizes are
 * checked before memory is allocated. The package must not know engines or bundles.
 */
package io.tagstream.model.onnx;
