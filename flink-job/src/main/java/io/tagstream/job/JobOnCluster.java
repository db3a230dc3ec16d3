package io.tagstream.job;

import io.tagstream.model.ModelException;
import io.tagstream.settings.Program;
import java.util.Set;

/**
 * The entry for {@code flink run} and application mode, which run a program inside their own JVM:
 * it takes {@code job}'s options, and fails by an exception where the launcher's would exit.
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
