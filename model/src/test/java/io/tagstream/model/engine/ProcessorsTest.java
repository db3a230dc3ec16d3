package io.tagstream.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ProcessorsTest {
  private static final int COUNT = Runtime.getRuntime().availableProcessors();

  private static int shareOfAnother(int wanted) {
    return CompletableFuture.supplyAsync(() -> Processors.share(wanted)).join();
  }

  @Test
  void aPassGetsAllItsThreadsWithoutOtherWork() {
    assertThat(Processors.share(1)).isEqualTo(1);
    assertThat(Processors.share(COUNT)).isEqualTo(COUNT);
  }

  @Test
  void enginesUseTheRemainingProcessors() {
    Processors.take(
        1,
        () -> {
          assertThat(shareOfAnother(COUNT)).isEqualTo(Math.max(1, COUNT - 1));
          assertThat(shareOfAnother(1)).isEqualTo(1);
        });
    Processors.take(COUNT + 5, () -> assertThat(shareOfAnother(COUNT)).isEqualTo(1));
    assertThat(shareOfAnother(COUNT)).isEqualTo(COUNT);
  }

  @Test
  void otherWorkComputesOnTheProcessorsThatItTook() {
    Processors.take(
        3,
        () -> {
          assertThat(Processors.share(8)).isEqualTo(3);
          assertThat(Processors.share(2)).isEqualTo(2);
          Processors.take(1, () -> assertThat(Processors.share(8)).isEqualTo(1));
          assertThat(Processors.share(8)).isEqualTo(3);
        });
    assertThat(Processors.share(COUNT)).isEqualTo(COUNT);
  }

  @Test
  void aFailureReturnsTheProcessors() {
    assertThatThrownBy(
            () ->
                Processors.take(
                    COUNT,
                    () -> {
                      throw new IOException("the disk is full");
                    }))
        .isInstanceOf(IOException.class);
    assertThat(shareOfAnother(COUNT)).isEqualTo(COUNT);
    assertThat(Processors.share(COUNT)).isEqualTo(COUNT);
  }
}
