package io.tagstream.job.label;

/** Images of labels could not be read again, for a reason other than the labels. */
final class LabelFetchException extends Exception {
  private static final long serialVersionUID = 1L;

  LabelFetchException(Throwable cause) {
    super("cannot read the images of labels again: " + cause.getMessage(), cause);
  }
}
