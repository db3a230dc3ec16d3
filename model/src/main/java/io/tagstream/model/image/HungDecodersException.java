package io.tagstream.model.image;

/**
 * Decodes that have not ended hold what further ones need. Native code cannot be stopped: only a
 * new process mends this.
 */
public final class HungDecodersException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  HungDecodersException(String what) {
    super(what + "; only a restart of the process frees their threads and memory");
  }
}
