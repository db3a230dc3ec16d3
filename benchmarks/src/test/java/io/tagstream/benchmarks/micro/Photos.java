package io.tagstream.benchmarks.micro;

import io.tagstream.producers.drawn.DrawnScenes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** JPEGs in turns, from the folder in the system property {@code images}, else drawn ones. */
final class Photos {
  static final String FOLDER = "images";
  private static final int COUNT = 64;

  private final List<byte[]> photos;
  private int next;

  private Photos(List<byte[]> photos) {
    this.photos = photos;
  }

  static Photos load() throws IOException {
    String folder = System.getProperty(FOLDER, "");
    return new Photos(folder.isEmpty() ? drawn() : below(Path.of(folder)));
  }

  private static List<byte[]> drawn() {
    DrawnScenes scenes = new DrawnScenes(1);
    return IntStream.range(0, COUNT).mapToObj(i -> bytes(scenes.scene(i).jpeg())).toList();
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  private static List<byte[]> below(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> photos = files.filter(file -> file.toString().endsWith(".jpg")).sorted().toList();
      List<byte[]> contents = new ArrayList<>();
      for (int i = 0; i < COUNT; i++) {
        contents.add(Files.readAllBytes(photos.get(i * photos.size() / COUNT)));
      }
      return contents;
    }
  }

  byte[] next() {
    next = (next + 1) % photos.size();
    return photos.get(next);
  }
}
