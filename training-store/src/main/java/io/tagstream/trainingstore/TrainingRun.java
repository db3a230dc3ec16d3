package io.tagstream.trainingstore;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A run's manifest: {@code STORE/runs/VERSION.json}. It is made once, before the run starts, and is
 * the truth about which runs there are and what they read.
 *
 * @param version the name of the version that the run makes
 * @param parent the version that was live, from which it goes on
 * @param cause what started it, as a word
 * @param reason why, for a person
 * @param requests ids of the requests it answers
 * @param fallSeenUpTo the newest label that showed a fall of the live accuracy, if that is the
 *     cause
 * @param newLabels rows that no run had read before
 * @param files what it reads
 * @param leftOut what it does not read, and why
 */
// Lists without elements too: a reader takes a missing one for a mistake.
@JsonInclude(JsonInclude.Include.ALWAYS)
public record TrainingRun(
    String version,
    String parent,
    Instant started,
    String cause,
    String reason,
    List<String> requests,
    Optional<Instant> fallSeenUpTo,
    long newLabels,
    List<StoreFile> files,
    List<UnusableFile> leftOut) {

  public TrainingRun {
    Objects.requireNonNull(version);
    Objects.requireNonNull(parent);
    Objects.requireNonNull(started);
    Objects.requireNonNull(cause);
    Objects.requireNonNull(reason);
    requests = List.copyOf(requests);
    Objects.requireNonNull(fallSeenUpTo);
    files = List.copyOf(files);
    leftOut = List.copyOf(leftOut);
  }

  /** The parts that it reads, however files were merged before or will be later. */
  public Set<String> parts() {
    return files.stream()
        .flatMap(file -> file.parts().stream())
        .map(StoreFile.Part::name)
        .collect(Collectors.toUnmodifiableSet());
  }
}
