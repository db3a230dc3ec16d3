/**
 * Forward pass with ONNX Runtime on the CPU or a GPU, and the changes of a graph that make it fast.
 * Entry points are {@link io.tagstream.model.engine.onnxruntime.SessionWeights} and, to quantize,
 * {@link io.tagstream.model.engine.onnxruntime.Calibration}. Only this package knows ONNX Runtime's
 * classes.
 */
package io.tagstream.model.engine.onnxruntime;
