package io.tagstream.job.snapshot;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.tagstream.settings.UserException;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.OperatorStateHandle;

/** Reads a snapshot's metadata and the state of its operators. */
public final class SnapshotContents {
  private static final int CHUNK = 1 << 16;

  /** The longest text that is searched for, in bytes. */
  private static final int LONGEST = 1 << 10;

  /** The first bytes of a Snappy framed stream, whose content cannot be searched. */
  private static final String COMPRESSED = "sNaPpY";

  private SnapshotContents() {}

  /**
   * Whether a snapshot holds an operator's state.
   *
   * @param uid the operator's uid
   * @throws UserException when the snapshot cannot be read
   */
  public static boolean holds(Snapshot snapshot, String uid) {
    return operators(snapshot.location()).stream()
        .anyMatch(operator -> operator.getOperatorUid().filter(uid::equals).isPresent());
  }

  /**
   * Finds texts in the operators' state, except keyed state.
   *
   * @param wanted matches ASCII texts of at most one kilobyte
   * @return empty if the state is compressed and cannot be searched
   * @throws UserException when the snapshot cannot be read
   */
  static Optional<Set<String>> texts(String location, Pattern wanted) {
    Pattern pattern = Pattern.compile(wanted.pattern() + "|" + COMPRESSED);
    Set<String> found = new HashSet<>();
    List<OperatorStateHandle> states =
        operators(location).stream()
            .flatMap(operator -> operator.getStates().stream())
            .flatMap(
                subtask ->
                    Stream.concat(
                        subtask.getManagedOperatorState().stream(),
                        subtask.getRawOperatorState().stream()))
            .toList();
    for (OperatorStateHandle state : states) {
      try (InputStream in = state.openInputStream()) {
        find(pattern, in, found);
      } catch (IOException e) {
        throw new UserException("cannot read %s: %s".formatted(location, e), e);
      }
    }
    return found.contains(COMPRESSED) ? Optional.empty() : Optional.of(found);
  }

  private static void find(Pattern pattern, InputStream in, Set<String> found) throws IOException {
    byte[] bytes = new byte[CHUNK];
    int kept = 0;
    for (int read = in.readNBytes(bytes, 0, CHUNK);
        read > 0;
        read = in.readNBytes(bytes, kept, CHUNK - kept)) {
      int filled = kept + read;
      Matcher matcher = pattern.matcher(new String(bytes, 0, filled, ISO_8859_1));
      while (matcher.find()) {
        found.add(matcher.group());
      }
      // A text may continue in the next chunk.
      kept = Math.min(LONGEST, filled);
      System.arraycopy(bytes, filled - kept, bytes, 0, kept);
    }
  }

  private static List<OperatorState> operators(String location) {
    try {
      return List.copyOf(metadata(new Path(location)).getOperatorStates());
    } catch (IOException e) {
      throw new UserException("cannot read snapshot %s: %s".formatted(location, e), e);
    }
  }

  /**
   * When a snapshot was begun, as recorded in its metadata.
   *
   * @throws IOException if the metadata cannot be read or is damaged
   */
  static Optional<Instant> takenAt(Path location) throws IOException {
    return SnapshotTime.of(metadata(location));
  }

  /** The raw metadata, which contains the paths of all files that the snapshot refers to. */
  static String text(Path location) throws IOException {
    Path file = new Path(location, SnapshotFolder.METADATA);
    try (FSDataInputStream in = file.getFileSystem().open(file)) {
      return new String(in.readAllBytes(), ISO_8859_1);
    }
  }

  private static CheckpointMetadata metadata(Path location) throws IOException {
    Path file = new Path(location, SnapshotFolder.METADATA);
    try (DataInputStream in = new DataInputStream(file.getFileSystem().open(file))) {
      return Checkpoints.loadCheckpointMetadata(
          in, SnapshotContents.class.getClassLoader(), location.toString());
    } catch (RuntimeException e) {
      // Flink barely validates what it reads.
      throw new IOException(e.toString(), e);
    }
  }
}
