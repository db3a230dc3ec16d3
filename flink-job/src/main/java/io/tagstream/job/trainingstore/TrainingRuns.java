package io.tagstream.job.trainingstore;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.tagstream.model.store.AtomicFiles;
import io.tagstream.model.store.StoreJson;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The runs on a training store, in its folder {@code runs}: {@code VERSION.json} begins a run,
 * {@code VERSION.outcome.json} ends it, {@code VERSION.attempt-N} notes that it is tried for the
 * Nth time. Each is made once, by create-if-absent, so that a crash at any moment leaves no run
 * twice and none by half. Any number of threads may use one.
 */
public final class TrainingRuns {
  static final String FOLDER = "runs";
  private static final String MANIFEST = ".json";
  private static final String OUTCOME = ".outcome.json";
  private static final String ATTEMPT = ".attempt-";
  private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

  private final Path folder;

  /** Manifests never change, and are asked for at every look at the store. */
  private final Map<String, TrainingRun> known = new HashMap<>();

  TrainingRuns(Path store) {
    folder = store.resolve(FOLDER);
  }

  /**
   * Begins a run: its manifest is there from now on, whatever happens.
   *
   * @return false when the run had begun before; its manifest stays as it was
   */
  public boolean begin(TrainingRun run) {
    return create(path(run.version(), MANIFEST), StoreJson.write(run));
  }

  /**
   * Ends a run, so that its files may be merged and deleted.
   *
   * @return false when it had ended before; its outcome stays as it was
   */
  public boolean end(RunOutcome outcome) {
    return create(path(outcome.version(), OUTCOME), StoreJson.write(outcome));
  }

  /** Every run there was, oldest first, since versions sort by time. */
  public synchronized List<TrainingRun> all() {
    List<TrainingRun> runs = new ArrayList<>();
    for (String version : versions(names())) {
      runs.add(known.computeIfAbsent(version, v -> read(path(v, MANIFEST), TrainingRun.class)));
    }
    return runs;
  }

  /** The run that made a version, or is to; empty where no run of this store did. */
  public Optional<TrainingRun> find(String version) {
    if (!isVersion(version)) {
      return Optional.empty();
    }
    Path path = path(version, MANIFEST);
    return Files.exists(path) ? Optional.of(read(path, TrainingRun.class)) : Optional.empty();
  }

  /** The run that began last. */
  public Optional<TrainingRun> newest() {
    List<TrainingRun> runs = all();
    return runs.isEmpty() ? Optional.empty() : Optional.of(runs.get(runs.size() - 1));
  }

  /** Runs without an outcome, oldest first: they go on, or are to be gone on with. */
  public List<TrainingRun> unfinished() {
    Set<String> names = Set.copyOf(names());
    return all().stream().filter(run -> !names.contains(run.version() + OUTCOME)).toList();
  }

  /** How a run ended; empty when it has not, or never was. */
  public Optional<RunOutcome> outcome(String version) {
    Path path = path(version, OUTCOME);
    return Files.exists(path) ? Optional.of(read(path, RunOutcome.class)) : Optional.empty();
  }

  /** Every part that some run reads. */
  public Set<String> parts() {
    return all().stream()
        .flatMap(run -> run.parts().stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Notes that a run is tried once more.
   *
   * @return how often it was, this time included
   */
  public int attempt(String version) {
    for (int attempt = 1; ; attempt++) {
      if (create(attemptPath(version, attempt), "\n".getBytes(StandardCharsets.UTF_8))) {
        return attempt;
      }
    }
  }

  /** Takes back the note of an attempt, which was broken off and did not fail. */
  public void cancelled(String version, int attempt) {
    try {
      Files.deleteIfExists(attemptPath(version, attempt));
    } catch (IOException e) {
      throw new UserException("cannot write in " + folder + ": " + e, e);
    }
  }

  private Path attemptPath(String version, int attempt) {
    return path(version, ATTEMPT + attempt);
  }

  private Path path(String version, String suffix) {
    if (!isVersion(version)) {
      throw new IllegalArgumentException("'%s' is no version's name".formatted(version));
    }
    return folder.resolve(version + suffix);
  }

  private static boolean isVersion(String name) {
    return VERSION.matcher(name).matches() && !(name + MANIFEST).endsWith(OUTCOME);
  }

  private boolean create(Path path, byte[] content) {
    try {
      Files.createDirectories(folder);
      AtomicFiles.create(path, content);
      return true;
    } catch (FileAlreadyExistsException before) {
      return false;
    } catch (IOException e) {
      throw new UserException("cannot write " + path + ": " + e, e);
    }
  }

  private static <T> T read(Path path, Class<T> type) {
    try {
      return StoreJson.read(Files.readAllBytes(path), type);
    } catch (JsonProcessingException e) {
      throw new UserException("cannot use %s: %s".formatted(path, StoreJson.cause(e)), e);
    } catch (IOException e) {
      throw new UserException("cannot read " + path + ": " + e, e);
    }
  }

  private static List<String> versions(List<String> names) {
    return names.stream()
        .filter(name -> name.endsWith(MANIFEST) && !name.endsWith(OUTCOME))
        .map(name -> name.substring(0, name.length() - MANIFEST.length()))
        .toList();
  }

  private List<String> names() {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UserException("cannot list " + folder + ": " + e, e);
    }
  }
}
