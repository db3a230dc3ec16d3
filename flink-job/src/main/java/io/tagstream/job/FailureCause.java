package io.tagstream.job;

import io.tagstream.model.ModelException;
import io.tagstream.settings.UserException;
import java.util.Optional;
import org.apache.flink.util.SerializedThrowable;

/** Describes the cause of a job's failure in one line. */
public final class FailureCause {
  private FailureCause() {}

  /**
   * The first message in the chain that was written for the user; otherwise the root cause with its
   * class name, since its message alone may not be informative.
   */
  public static String of(Throwable failure) {
    Throwable at = failure;
    while (true) {
      if (at instanceof SerializedThrowable serialized) {
        at = serialized.deserializeError(FailureCause.class.getClassLoader());
      }
      if (at instanceof UserException || at instanceof ModelException) {
        return at.getMessage();
      }
      Optional<Throwable> cause = Optional.ofNullable(at.getCause());
      if (cause.isEmpty()) {
        return at.getMessage() == null
            ? at.getClass().getName()
            : "%s: %s".formatted(at.getClass().getSimpleName(), at.getMessage());
      }
      at = cause.get();
    }
  }
}
