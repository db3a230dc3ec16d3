package io.tagstream.benchmarks.engines;

import io.tagstream.benchmarks.probe.Probe;
import io.tagstream.benchmarks.probe.ProbeTask;
import io.tagstream.benchmarks.probe.Turns;
import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Compares decoders, in turns, on one thread and the task's photos: photos a second of processor
 * time, as medians over the task's count of turns. OpenCV and ImageIO only decode; Tagstream's
 * decoder also resizes and crops.
 */
public final class DecodeRates implements Probe {
  public static final String BARE = "OpenCV, decode only";

  /** OpenCV decodes a JPEG at half its size, directly from the transform. */
  private static final String HALF = "OpenCV, decode at half the size";

  /** A decoder of one photo. */
  @FunctionalInterface
  private interface Decoding {
    void decode(byte[] photo) throws Exception;
  }

  /** The figure of decode, resize and crops. */
  public static String crops(int views) {
    return "crops of %d views".formatted(views);
  }

  @Override
  public Map<String, Double> measure(ProbeTask task) throws Exception {
    opencv_core.setNumThreads(1);
    List<byte[]> photos = task.encoded();
    Preprocessing wanted = new ModelStore(Path.of(task.models())).openLive().preprocessing();
    Map<String, Decoding> decoders = new LinkedHashMap<>();
    Mat image = new Mat();
    decoders.put(BARE, photo -> bare(photo, opencv_imgcodecs.IMREAD_COLOR, image));
    decoders.put(HALF, photo -> bare(photo, opencv_imgcodecs.IMREAD_REDUCED_COLOR_2, image));
    for (Views views : Views.values()) {
      ImageDecoder decoder =
          new ImageDecoder(wanted.resize(), wanted.crop(), views, DecodeLimits.DEFAULT);
      decoders.put(crops(views.count()), decoder::decode);
    }
    decoders.put("ImageIO, decode only", DecodeRates::imageIo);
    return Turns.medians(
        task,
        turns -> {
          for (Map.Entry<String, Decoding> decoder : decoders.entrySet()) {
            turns.add(decoder.getKey(), rate(decoder.getValue(), photos));
          }
        });
  }

  private static double rate(Decoding decoding, List<byte[]> photos) throws Exception {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    for (byte[] photo : photos) {
      decoding.decode(photo);
    }
    return photos.size() * 1e9 / (threads.getCurrentThreadCpuTime() - start);
  }

  private static void bare(byte[] photo, int flags, Mat image) {
    try (BytePointer bytes = new BytePointer(photo);
        Mat encoded = new Mat(1, photo.length, opencv_core.CV_8UC1, bytes)) {
      opencv_imgcodecs.imdecode(encoded, flags | opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION, image);
    }
  }

  private static void imageIo(byte[] photo) {
    try {
      ImageIO.read(new ByteArrayInputStream(photo));
    } catch (IOException | RuntimeException e) {
      // ImageIO cannot read every photo; the time until it fails counts as well.
    }
  }
}
