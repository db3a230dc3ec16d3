package io.tagstream.trainingstore;

import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.util.StdConverter;
import io.tagstream.schemas.ModelStatus;
import java.time.Instant;
import java.util.Objects;

/**
 * How a run ended: {@code STORE/runs/VERSION.outcome.json}.
 *
 * @param status promoted, candidate (the version is kept but does not go live) or rejected; a word
 *     in the file
 * @param reason why, for the user
 */
public record RunOutcome(
    String version,
    @JsonSerialize(converter = Word.class) ModelStatus status,
    String reason,
    Instant at) {

  public RunOutcome {
    Objects.requireNonNull(version);
    Objects.requireNonNull(status);
    Objects.requireNonNull(reason);
    Objects.requireNonNull(at);
  }

  static final class Word extends StdConverter<ModelStatus, String> {
    @Override
    public String convert(ModelStatus status) {
      return status.word();
    }
  }
}
