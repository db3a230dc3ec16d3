package io.tagstream.trainingstore;

import io.tagstream.schemas.RecordReader;
import io.tagstream.schemas.Sha256;
import io.tagstream.schemas.TrainingImage;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.file.DataFileConstants;
import org.apache.avro.file.DataFileStream;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/**
 * Reads a file of the training store written by {@link TrainingFileWriter} without the images'
 * content: it reads only the header of each block, or its first kilobyte. Not thread-safe.
 */
public final class TrainingFile implements Closeable {
  private static final int FILE_HEADER_CHUNK = 4096;
  private static final int HEAD_CHUNK = 1024;

  /** Bytes: a file merged from thousands has some hundred kilobytes of notes. */
  private static final int LONGEST_FILE_HEADER = 16 << 20;

  /** The largest row without content in bytes: as large as a record on a topic can be. */
  private static final int LONGEST_HEAD = 32 << 20;

  /** Bytes: two numbers of at most ten bytes, the rows and the bytes in the block. */
  private static final int BLOCK_HEADER = 20;

  private static final byte[] MAGIC = DataFileConstants.MAGIC;
  private static final int SYNC = DataFileConstants.SYNC_SIZE;
  private static final int SHA256 = 32;

  private final SeekableByteChannel channel;
  private final long size;
  private final Schema writer;
  private final byte[] sync;
  private final long firstBlock;
  private final Map<String, String> notes;

  private TrainingFile(
      SeekableByteChannel channel,
      long size,
      Schema writer,
      byte[] sync,
      long firstBlock,
      Map<String, String> notes) {
    this.channel = channel;
    this.size = size;
    this.writer = writer;
    this.sync = sync;
    this.firstBlock = firstBlock;
    this.notes = notes;
  }

  /**
   * Opens a file and reads its header.
   *
   * @return the file, which the caller closes
   * @throws MalformedFileException if it is not a training file, with the reason; links, pipes and
   *     devices are refused
   */
  public static TrainingFile open(Path path) throws IOException, MalformedFileException {
    BasicFileAttributes attributes =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isRegularFile()) {
      // Opening a pipe would block until a process writes to it.
      throw new MalformedFileException(
          attributes.isSymbolicLink()
              ? "it is a link, and only regular files are read"
              : "it is not a regular file");
    }
    SeekableByteChannel channel = Files.newByteChannel(path);
    try {
      return open(channel);
    } catch (IOException | MalformedFileException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static TrainingFile open(SeekableByteChannel channel)
      throws IOException, MalformedFileException {
    long size = channel.size();
    for (long wanted = FILE_HEADER_CHUNK; ; wanted = 2 * wanted) {
      byte[] chunk = read(channel, 0, Math.min(wanted, size));
      if (chunk.length < MAGIC.length || Arrays.mismatch(chunk, MAGIC) < MAGIC.length) {
        throw new MalformedFileException("it is not an Avro container file");
      }
      BinaryDecoder decoder =
          DecoderFactory.get()
              .binaryDecoder(chunk, MAGIC.length, chunk.length - MAGIC.length, null);
      try {
        Map<String, String> header = new HashMap<>();
        for (long left = decoder.readMapStart(); left != 0; left = decoder.mapNext()) {
          for (long i = 0; i < left; i++) {
            String key = decoder.readString();
            header.put(key, StandardCharsets.UTF_8.decode(decoder.readBytes(null)).toString());
          }
        }
        byte[] sync = new byte[SYNC];
        decoder.readFixed(sync);
        int firstBlock = chunk.length - decoder.inputStream().available();
        Schema writer = writer(header);
        header.keySet().removeIf(key -> key.startsWith("avro."));
        return new TrainingFile(channel, size, writer, sync, firstBlock, Map.copyOf(header));
      } catch (EOFException e) {
        if (chunk.length == size) {
          throw new MalformedFileException(
              "it is truncated at %d bytes, within its header".formatted(size), e);
        }
        if (wanted >= LONGEST_FILE_HEADER) {
          throw new MalformedFileException(
              "its header has more than %d bytes".formatted(LONGEST_FILE_HEADER), e);
        }
      } catch (IOException | RuntimeException e) {
        // The chunk is in memory, so Avro's exceptions concern its bytes, not the disk.
        throw new MalformedFileException("its header cannot be read: " + e.getMessage(), e);
      }
    }
  }

  private static Schema writer(Map<String, String> header) throws MalformedFileException {
    String codec = header.getOrDefault(DataFileConstants.CODEC, DataFileConstants.NULL_CODEC);
    if (!codec.equals(DataFileConstants.NULL_CODEC)) {
      throw new MalformedFileException(
          "its blocks are compressed (%s), the training store's are not".formatted(codec));
    }
    Schema writer =
        new Schema.Parser().parse(header.getOrDefault(DataFileConstants.SCHEMA, "\"null\""));
    String expected = TrainingImage.getClassSchema().getFullName();
    if (!writer.getFullName().equals(expected)) {
      throw new MalformedFileException(
          "its rows are %s, not %s".formatted(writer.getFullName(), expected));
    }
    if (!last(writer).name().equals("content")) {
      throw new MalformedFileException("the last field of its rows is not the content");
    }
    requireNoCollections(writer, new HashSet<>());
    return writer;
  }

  /**
   * Rejects schemas with arrays and maps. A file carries its own schema, and items that take no
   * bytes, such as nulls in an array, would be skipped one by one: five bytes can encode a billion.
   */
  private static void requireNoCollections(Schema schema, Set<Schema> seen)
      throws MalformedFileException {
    if (schema.isUnion()) {
      for (Schema branch : schema.getTypes()) {
        requireNoCollections(branch, seen);
      }
    } else if (schema.getType() == Schema.Type.RECORD && seen.add(schema)) {
      for (Schema.Field field : schema.getFields()) {
        requireNoCollections(field.schema(), seen);
      }
    } else if (schema.getType() == Schema.Type.ARRAY || schema.getType() == Schema.Type.MAP) {
      throw new MalformedFileException("its rows contain an array or a map");
    }
  }

  private static Schema.Field last(Schema schema) {
    return schema.getFields().get(schema.getFields().size() - 1);
  }

  /** The entries of the header other than Avro's. */
  public Map<String, String> notes() {
    return notes;
  }

  /**
   * Counts the rows by reading only the blocks' headers.
   *
   * @throws MalformedFileException if the file is truncated or its blocks are not contiguous
   */
  public long count() throws IOException, MalformedFileException {
    long rows = 0;
    for (long position = firstBlock; position < size; position = block(position, 0).end()) {
      rows++;
    }
    requireSync(read(channel, size - SYNC, SYNC), size);
    return rows;
  }

  /**
   * All rows, in the order of the file.
   *
   * @throws MalformedFileException as in {@link #count}, and if a row cannot be read
   */
  public List<TrainingRowHead> heads() throws IOException, MalformedFileException {
    RecordReader<TrainingImage> reader =
        new RecordReader<>(withoutContent(), TrainingImage.getClassSchema());
    List<TrainingRowHead> heads = new ArrayList<>();
    Block block;
    for (long position = firstBlock; position < size; position = block.end()) {
      block = block(position, HEAD_CHUNK);
      heads.add(head(block, reader));
    }
    requireSync(read(channel, size - SYNC, SYNC), size);
    return heads;
  }

  /**
   * Reads a row's content and checks its SHA-256.
   *
   * @param path the file with the row
   * @throws IOException if the file is missing or has other bytes at this position
   */
  public static byte[] content(Path path, TrainingRowHead.Content content) throws IOException {
    try (SeekableByteChannel channel = Files.newByteChannel(path)) {
      byte[] bytes;
      try {
        bytes = read(channel, content.position(), content.length());
      } catch (EOFException e) {
        throw new IOException(path + " was shortened", e);
      }
      if (!HexFormat.of().formatHex(Sha256.of(bytes)).equals(content.sha256())) {
        throw new IOException(
            "the bytes of %s at %d were changed".formatted(path, content.position()));
      }
      return bytes;
    }
  }

  /**
   * A stream of all rows of a file with their content.
   *
   * @param in closed with the returned stream
   */
  public static DataFileStream<TrainingImage> rows(InputStream in) throws IOException {
    return new DataFileStream<>(
        in, new RecordReader<>(TrainingImage.getClassSchema(), TrainingImage.getClassSchema()));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** The writer's schema without the content, which is its last field. */
  private Schema withoutContent() {
    List<Schema.Field> fields =
        writer.getFields().subList(0, writer.getFields().size() - 1).stream()
            .map(field -> new Schema.Field(field, field.schema()))
            .toList();
    return Schema.createRecord(
        writer.getName(), writer.getDoc(), writer.getNamespace(), false, fields);
  }

  /**
   * A block, which contains one row.
   *
   * @param start the position of the row in the file
   * @param head the first bytes of the row, as many as requested
   * @param end the position of the next block
   */
  private record Block(long start, ByteBuffer head, long end) {
    long length() {
      return end - SYNC - start;
    }
  }

  /** Reads the beginning of a block and checks the sync marker before it. */
  private Block block(long position, int wantedOfRow) throws IOException, MalformedFileException {
    long from = position - SYNC;
    byte[] chunk =
        read(channel, from, Math.min(SYNC + BLOCK_HEADER + (long) wantedOfRow, size - from));
    requireSync(chunk, position);
    BinaryDecoder decoder =
        DecoderFactory.get().binaryDecoder(chunk, SYNC, chunk.length - SYNC, null);
    long rows;
    long length;
    int left;
    try {
      rows = decoder.readLong();
      length = decoder.readLong();
      left = decoder.inputStream().available();
    } catch (IOException e) {
      throw new MalformedFileException(
          "the header of the block at %d is truncated in the file's %d bytes"
              .formatted(position, size),
          e);
    }
    if (rows != 1 || length < 0) {
      throw new MalformedFileException(
          "the block at %d has %d rows in %d bytes instead of one row"
              .formatted(position, rows, length));
    }
    long start = from + chunk.length - left;
    if (length > size - SYNC - start) {
      throw new MalformedFileException(
          "it is truncated at %d bytes, within the row at %d".formatted(size, start));
    }
    ByteBuffer head =
        ByteBuffer.wrap(chunk, chunk.length - left, (int) Math.min(left, length)).slice();
    return new Block(start, head, start + length + SYNC);
  }

  private void requireSync(byte[] chunk, long position) throws MalformedFileException {
    if (!Arrays.equals(chunk, 0, SYNC, sync, 0, SYNC)) {
      throw new MalformedFileException(
          "the block that ends at %d has no sync marker: bytes were lost or changed"
              .formatted(position));
    }
  }

  private static byte[] read(SeekableByteChannel channel, long position, long length)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(length));
    channel.position(position);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) {
        throw new EOFException("the file ends at " + channel.size());
      }
    }
    return bytes.array();
  }

  private TrainingRowHead head(Block block, RecordReader<TrainingImage> reader)
      throws IOException, MalformedFileException {
    ByteBuffer head = block.head();
    while (true) {
      BinaryDecoder decoder =
          DecoderFactory.get()
              .binaryDecoder(head.array(), head.arrayOffset(), head.remaining(), null);
      try {
        TrainingImage row = reader.read(null, decoder);
        return new TrainingRowHead(
            row.getImageId(),
            row.getLabel(),
            row.getUnknown(),
            row.getGroup(),
            row.getAt(),
            row.getOrigin(),
            row.getSource(),
            content(row, block, head.remaining(), decoder));
      } catch (EOFException e) {
        if (head.remaining() == block.length()) {
          throw new MalformedFileException(
              "the row at %d is longer than its block".formatted(block.start()), e);
        }
      } catch (IOException | RuntimeException e) {
        throw new MalformedFileException(
            "the row at %d cannot be read: %s".formatted(block.start(), e.getMessage()), e);
      }
      if (head.remaining() >= LONGEST_HEAD) {
        throw new MalformedFileException(
            "the row at %d has more than %d bytes without its content"
                .formatted(block.start(), LONGEST_HEAD));
      }
      // Reached only for long ids; the content is the bulk of a block, so this is rare.
      head =
          ByteBuffer.wrap(
              read(channel, block.start(), Math.min(2L * head.remaining() + 1, block.length())));
    }
  }

  private static Optional<TrainingRowHead.Content> content(
      TrainingImage row, Block block, int head, BinaryDecoder decoder)
      throws IOException, MalformedFileException {
    if (decoder.readIndex() == 0) {
      return Optional.empty();
    }
    long length = decoder.readLong();
    long position = block.start() + head - decoder.inputStream().available();
    ByteBuffer sha256 = row.getSha256().orElse(ByteBuffer.allocate(0));
    if (position + length != block.end() - SYNC || sha256.remaining() != SHA256) {
      throw new MalformedFileException(
          "the row at %d has no SHA-256, or does not fill its block".formatted(block.start()));
    }
    return Optional.of(
        new TrainingRowHead.Content(
            HexFormat.of().formatHex(sha256.array()), position, Math.toIntExact(length)));
  }
}
