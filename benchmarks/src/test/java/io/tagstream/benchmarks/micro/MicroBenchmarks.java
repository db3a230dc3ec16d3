package io.tagstream.benchmarks.micro;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs the JMH benchmarks: {@code mvn -pl benchmarks -am test -Plong -Dtest=MicroBenchmarks
 * -Dsurefire.failIfNoSpecifiedTests=false [-Dimages=DIR] [-Donly=REGEX]}.
 */
class MicroBenchmarks {

  @Tag("long")
  @Test
  void printWhatThePartsCost() throws RunnerException {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(System.getProperty("only", getClass().getPackageName()))
                    .forks(1)
                    .warmupIterations(3)
                    .warmupTime(TimeValue.seconds(1))
                    .measurementIterations(5)
                    .measurementTime(TimeValue.seconds(1))
                    .jvmArgsAppend(
                        "-D%s=%s".formatted(Photos.FOLDER, System.getProperty(Photos.FOLDER, "")))
                    .shouldFailOnError(true)
                    .build())
            .run();
    assertThat(results).isNotEmpty();
  }
}
