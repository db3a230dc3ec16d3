package io.tagstream.model.onnx;

/** A graph that is not an AlexNet; the message names the node or shape that differs. */
final class Mismatch extends Exception {
  private static final long serialVersionUID = 1L;

  Mismatch(String message) {
    super(message);
  }

  static Mismatch at(OnnxNode node, String expected, String found) {
    return new Mismatch("node %s: expected %s, found %s".formatted(node.title(), expected, found));
  }
}
