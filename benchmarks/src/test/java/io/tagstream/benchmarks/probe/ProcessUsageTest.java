package io.tagstream.benchmarks.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class ProcessUsageTest {
  @Test
  void threadsOfAKindAreOneName() {
    assertThat(ProcessUsage.group("inference 1/1")).isEqualTo("inference");
    assertThat(ProcessUsage.group("GC Thread#0")).isEqualTo("GC Thread");
    assertThat(ProcessUsage.group("Decode (2/2)#0")).isEqualTo("Decode");
    assertThat(ProcessUsage.group("C2 CompilerThre")).isEqualTo("C2 CompilerThre");
    assertThat(ProcessUsage.group("C1 CompilerThre")).isEqualTo("C1 CompilerThre");
    assertThat(ProcessUsage.group("kafka-producer-")).isEqualTo("kafka-producer-");
  }

  @Test
  void timeIsReadBehindANameWithSpacesAndParentheses() {
    assertThat(ProcessUsage.millis("42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 150 7 0 0 20 0 1 0 99 0 0"))
        .isEqualTo(1570);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void workAndMemoryAreSeen() {
    ProcessUsage before = ProcessUsage.now();
    List<byte[]> kept = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      kept.add(new byte[1 << 20]);
    }
    ProcessUsage after = ProcessUsage.now();
    while (after.processMillis() == before.processMillis()) {
      after = ProcessUsage.now();
    }
    assertThat(after.allocatedBytes() - before.allocatedBytes())
        .isGreaterThanOrEqualTo((long) kept.size() << 20);
    assertThat(after.residentBytes()).isPositive();
    assertThat(after.processorMillis()).isNotEmpty();
  }
}
