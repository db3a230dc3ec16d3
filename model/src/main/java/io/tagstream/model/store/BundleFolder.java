package io.tagstream.model.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.network.Parameter;
import io.tagstream.model.network.Weights;
import io.tagstream.model.onnx.FileMapping;
import io.tagstream.model.onnx.OnnxReader;
import io.tagstream.model.onnx.OnnxWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The folder of one bundle: {@code model.onnx}, {@code labels.txt}, after a training {@code
 * report.html}, and {@code model.json}, which is written last.
 */
final class BundleFolder {
  static final String ONNX = "model.onnx";
  static final String LABELS = "labels.txt";
  static final String REPORT = "report.html";
  static final String METADATA = "model.json";

  /** The name of {@code model.json} while the bundle must not be opened. */
  private static final String HIDDEN = ".model.json.deleted";

  /** A verdict on thousands of classes takes several megabytes. */
  private static final int LONGEST_METADATA = 64 << 20;

  private static final int LONGEST_LABELS = 4 << 20;

  /** In characters; each prediction contains five labels. */
  private static final int LONGEST_LABEL = 1000;

  /** ONNX's limit, in bytes; a manipulated file may claim any size. */
  private static final long LARGEST_FILE = Integer.MAX_VALUE;

  private static final int BUFFER_BYTES = 1 << 18;
  private static final int CHUNK_FLOATS = 1 << 14;

  private final Path folder;

  BundleFolder(Path folder) {
    this.folder = folder;
  }

  /** Whether the bundle is complete: {@code model.json}, which is written last, exists. */
  boolean exists() {
    return Files.exists(folder.resolve(METADATA));
  }

  /** Whether {@link #hide} hid the bundle and it was neither restored nor deleted since. */
  boolean isHidden() {
    return Files.exists(folder.resolve(HIDDEN));
  }

  /**
   * Renames {@code model.json}, so that nobody can open the bundle any more.
   *
   * @return whether this call renamed it; of several concurrent calls, one does
   */
  boolean hide() throws IOException {
    return move(METADATA, HIDDEN);
  }

  /** Undoes {@link #hide}. */
  void restore() throws IOException {
    move(HIDDEN, METADATA);
  }

  private boolean move(String from, String to) throws IOException {
    try {
      Files.move(folder.resolve(from), folder.resolve(to), StandardCopyOption.REPLACE_EXISTING);
      return true;
    } catch (NoSuchFileException movedByAnother) {
      return false;
    }
  }

  /** Whether the folder is a symbolic link; the store deletes nothing in its target. */
  boolean isLink() {
    return Files.isSymbolicLink(folder);
  }

  /**
   * Deletes the folder with its content, {@code model.json} first, so that a crash leaves no bundle
   * that looks complete. If the folder is a link, deletes only the link.
   */
  void delete() throws IOException {
    if (isLink()) {
      Files.deleteIfExists(folder);
      return;
    }
    Files.deleteIfExists(folder.resolve(METADATA));
    List<Path> files;
    try (Stream<Path> entries = Files.list(folder)) {
      files = entries.filter(file -> !file.endsWith(HIDDEN)).toList();
    } catch (NoSuchFileException | NotDirectoryException goneAlready) {
      return;
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
    Files.deleteIfExists(folder.resolve(HIDDEN));
    Files.deleteIfExists(folder);
  }

  /**
   * Writes a bundle into the folder, which must exist and be empty.
   *
   * @throws java.nio.file.FileAlreadyExistsException if another writer was faster
   */
  ModelMetadata write(String version, ModelDraft draft) throws IOException {
    Map<String, ModelMetadata.StoredFile> files = new TreeMap<>();
    files.put(ONNX, writeFile(ONNX, out -> OnnxWriter.write(draft.weights(), out)));
    files.put(LABELS, writeFile(LABELS, out -> writeLabels(draft.labels(), out)));
    if (draft.report().isPresent()) {
      byte[] page = draft.report().get().getBytes(StandardCharsets.UTF_8);
      files.put(REPORT, writeFile(REPORT, out -> out.write(page)));
    }
    ModelMetadata metadata =
        new ModelMetadata(
            ModelMetadata.FORMAT,
            version,
            draft.parent(),
            files,
            draft.weights().network(),
            draft.preprocessing(),
            draft.provenance(),
            draft.verdict());
    AtomicFiles.create(folder.resolve(METADATA), StoreJson.write(metadata));
    return metadata;
  }

  /**
   * Reads {@code model.json} only.
   *
   * @throws NoSuchFileException if it is missing
   * @throws ModelException if it is damaged
   */
  ModelMetadata metadata() throws IOException {
    Path file = folder.resolve(METADATA);
    byte[] json = RegularFile.read(file, LONGEST_METADATA);
    try {
      return StoreJson.read(json, ModelMetadata.class);
    } catch (JsonProcessingException e) {
      throw new ModelException("cannot use %s: %s".formatted(file, StoreJson.cause(e)), e);
    }
  }

  /**
   * Checks the sizes of the files and the labels, without reading the weights.
   *
   * @throws ModelException naming the file and the cause
   */
  void checkFiles(ModelMetadata metadata) {
    requireListed(metadata);
    metadata.files().forEach((name, recorded) -> requireSize(folder.resolve(name), recorded));
    List<String> unused = labelsFor(metadata);
  }

  /**
   * Reads the whole bundle and verifies it: the SHA-256 of each file, one label per class, a graph
   * that equals the described network, finite weights.
   *
   * @param throttle pauses the reading
   * @throws ModelException naming the file and the cause
   */
  ModelBundle verify(ModelMetadata metadata, Throttle throttle) {
    requireListed(metadata);
    Map<String, ModelMetadata.StoredFile> files = new TreeMap<>(metadata.files());
    verifyWeights(metadata.network(), files.remove(ONNX), throttle);
    files.forEach((name, recorded) -> verify(folder.resolve(name), recorded, throttle));
    return new ModelBundle(
        metadata.version(),
        folder,
        metadata.network(),
        metadata.preprocessing(),
        labelsFor(metadata));
  }

  /** Hashes and checks the same mapping, so that the weights checked are the weights hashed. */
  private void verifyWeights(
      NetworkDescription network, ModelMetadata.StoredFile recorded, Throttle throttle) {
    Path file = folder.resolve(ONNX);
    requireSize(file, recorded);
    try (FileMapping copy = OnnxReader.copy(file, throttle)) {
      requireSha256(file, sha256(copy.bytes(), throttle), recorded);
      try (Weights weights = OnnxReader.read(file, copy, network, throttle)) {
        requireFinite(weights, file.toString(), throttle);
      }
    }
  }

  private void requireListed(ModelMetadata metadata) {
    for (String name : List.of(ONNX, LABELS)) {
      if (!metadata.files().containsKey(name)) {
        throw new ModelException(folder.resolve(METADATA) + " does not list " + name);
      }
    }
  }

  private List<String> labelsFor(ModelMetadata metadata) {
    List<String> labels = labels();
    if (labels.size() != metadata.network().classes()) {
      throw new ModelException(
          "%s has %d labels for a network of %d classes"
              .formatted(folder.resolve(LABELS), labels.size(), metadata.network().classes()));
    }
    return labels;
  }

  /** Reads {@code labels.txt}, in class order. */
  List<String> labels() {
    Path file = folder.resolve(LABELS);
    return lines(file, () -> RegularFile.read(file, LONGEST_LABELS));
  }

  /**
   * Copies the bundle's files into another folder, {@code model.json} last.
   *
   * @param target an existing, empty folder
   */
  void copyTo(Path target, ModelMetadata metadata) throws IOException {
    for (String name : metadata.files().keySet()) {
      Files.copy(folder.resolve(name), target.resolve(name));
    }
    AtomicFiles.create(
        target.resolve(METADATA), RegularFile.read(folder.resolve(METADATA), LONGEST_METADATA));
  }

  /**
   * Reads a user's file of labels, one per line.
   *
   * @throws ModelException if the file cannot be read
   */
  static List<String> readLabels(Path file) {
    return lines(file, () -> RegularFile.readNamed(file, LONGEST_LABELS));
  }

  private interface Reading {
    byte[] bytes() throws IOException;
  }

  private static List<String> lines(Path file, Reading reading) {
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(reading.bytes())).toString();
      List<String> lines = text.lines().toList();
      for (int i = 0; i < lines.size(); i++) {
        if (lines.get(i).length() > LONGEST_LABEL) {
          throw new ModelException(
              "%s: label %d has %d characters, at most %d are read"
                  .formatted(file, i + 1, lines.get(i).length(), LONGEST_LABEL));
        }
      }
      return lines;
    } catch (NoSuchFileException missing) {
      throw new ModelException(file + " is missing", missing);
    } catch (CharacterCodingException e) {
      throw new ModelException(file + " is not UTF-8", e);
    } catch (IOException e) {
      throw new ModelException("cannot read " + file + ": " + e, e);
    }
  }

  /**
   * Checks that all weights are finite; a single other value would make every prediction
   * meaningless.
   *
   * @param throttle pauses the check
   * @throws ModelException if a weight is infinite or not a number
   */
  static void requireFinite(Weights weights, String where, Throttle throttle) {
    float[] chunk = new float[CHUNK_FLOATS];
    for (Parameter parameter : weights.network().parameters()) {
      FloatBuffer values = weights.get(parameter.name());
      while (values.hasRemaining()) {
        int count = Math.min(chunk.length, values.remaining());
        values.get(chunk, 0, count);
        for (int i = 0; i < count; i++) {
          if (!Float.isFinite(chunk[i])) {
            throw new ModelException(
                "%s: %s holds %s".formatted(where, parameter.name(), chunk[i]));
          }
        }
        throttle.pause();
      }
    }
  }

  /** The SHA-256 of a file, in lower-case hexadecimal. */
  static String sha256(Path file, Throttle throttle) throws IOException {
    MessageDigest digest = sha256();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        digest.update(buffer, 0, count);
        throttle.pause();
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String sha256(ByteBuffer content, Throttle throttle) {
    MessageDigest digest = sha256();
    while (content.hasRemaining()) {
      int count = Math.min(BUFFER_BYTES, content.remaining());
      digest.update(content.slice(content.position(), count));
      content.position(content.position() + count);
      throttle.pause();
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void requireSize(Path file, ModelMetadata.StoredFile recorded) {
    try {
      RegularFile.require(file);
      long size = Files.size(file);
      if (size > LARGEST_FILE) {
        throw new ModelException(
            "%s has %d bytes, at most %d are read".formatted(file, size, LARGEST_FILE));
      }
      if (size != recorded.bytes()) {
        throw new ModelException(
            "%s has %d bytes, but was written with %d".formatted(file, size, recorded.bytes()));
      }
    } catch (NoSuchFileException missing) {
      throw new ModelException(file + " is missing", missing);
    } catch (IOException e) {
      throw new ModelException("cannot read " + file + ": " + e, e);
    }
  }

  private static void requireSha256(Path file, String found, ModelMetadata.StoredFile recorded) {
    if (!found.equals(recorded.sha256())) {
      throw new ModelException(
          "%s was changed: its SHA-256 is %s, but was %s when it was written"
              .formatted(file, found, recorded.sha256()));
    }
  }

  private static void verify(Path file, ModelMetadata.StoredFile recorded, Throttle throttle) {
    requireSize(file, recorded);
    try {
      requireSha256(file, sha256(file, throttle), recorded);
    } catch (NoSuchFileException missing) {
      throw new ModelException(file + " is missing", missing);
    } catch (IOException e) {
      throw new ModelException("cannot read " + file + ": " + e, e);
    }
  }

  private static void writeLabels(List<String> labels, OutputStream out) throws IOException {
    for (String label : labels) {
      out.write((label + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  private ModelMetadata.StoredFile writeFile(String name, AtomicFiles.Content content)
      throws IOException {
    Path file = folder.resolve(name);
    MessageDigest digest = sha256();
    OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW);
    try (DigestOutputStream digested = new DigestOutputStream(out, digest)) {
      content.writeTo(digested);
    }
    AtomicFiles.force(file);
    return new ModelMetadata.StoredFile(
        Files.size(file), HexFormat.of().formatHex(digest.digest()));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
