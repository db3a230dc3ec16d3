package io.tagstream.trainingstore;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A run and the files that it reads: {@code STORE/runs/VERSION.json}, one JSON object with the
 * run's fields and these. It is written once, before the run starts; the manifests are the only
 * record of which runs exist.
 *
 * @param newLabels the number of rows that no run had read before
 * @param files the files that the run reads
 * @param leftOut the files that it skips, with the reasons
 */
// Empty lists too: a reader rejects a missing one.
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

  /** The parts that the run reads; merging files, before or later, does not change them. */
  public Set<String> parts() {
    return files.stream()
        .flatMap(file -> file.parts().stream())
        .map(StoreFile.Part::name)
        .collect(Collectors.toUnmodifiableSet());
  }
}
