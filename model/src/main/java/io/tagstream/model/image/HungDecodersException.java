package io.tagstream.model.image;

/**
 * Decodes over their timeout hold the threads or memory that further ones need. Native code cannot
 * be stopped, so only a restart of the process helps.
 */
public final class HungDecodersException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  HungDecodersException(String what) {
    super(what + "; only a restart of the process frees their threads and memory");
  }
}
