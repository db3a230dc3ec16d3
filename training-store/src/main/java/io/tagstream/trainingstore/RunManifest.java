package io.tagstream.trainingstore;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A run and what it reads: {@code STORE/runs/VERSION.json}, an object with the run's fields and
 * these. It is made once, before the run starts, and is the truth about which runs there are.
 *
 * @param newLabels rows that no run had read before
 * @param files what the run reads
 * @param leftOut what it does not read, and why
 */
// Lists without elements too: a reader takes a missing one for a mistake.
@JsonInclude(JsonInclude.Include.ALWAYS)
public record RunManifest(
    @JsonUnwrapped RetrainRun run,
    long newLabels,
    List<StoreFile> files,
    List<UnusableFile> leftOut) {

  public RunManifest {
    Objects.requireNonNull(run);
    files = List.copyOf(files);
    leftOut = List.copyOf(leftOut);
  }

  /** The parts that the run reads, however files were merged before or will be later. */
  public Set<String> parts() {
    return files.stream()
        .flatMap(file -> file.parts().stream())
        .map(StoreFile.Part::name)
        .collect(Collectors.toUnmodifiableSet());
  }
}
