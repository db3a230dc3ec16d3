package io.tagstream.job;

import io.tagstream.model.ModelException;
import io.tagstream.settings.Program;
import java.util.Set;

/**
 * The main class for {@code flink run} and application mode, which run a program in their own JVM.
 * It takes the options of {@code job}, and throws an exception instead of exiting with a code.
 */
public final class JobOnCluster {
  private JobOnCluster() {}

  public static void main(String[] args) {
    int exitCode = new Program(new JobCommand(), Set.of(ModelException.class)).run(args);
    if (exitCode != 0) {
      throw new IllegalStateException("the job was not run: exit code " + exitCode);
    }
  }
}
