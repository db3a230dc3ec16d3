package io.tagstream.benchmarks.micro;

import io.tagstream.model.engine.CropBatch;
import io.tagstream.model.engine.Normalization;
import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.Preprocessing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Size;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Measures a photo's way to the engine's input, and the parts of it that OpenCV has as well. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class DecodeBenchmark {
  private static final int SIDE = 227;

  private final Preprocessing preprocessing = Preprocessing.tagstream(SIDE);
  private final Normalization normalization = new Normalization(preprocessing);
  private final Mat decoded = new Mat();
  private final Mat resized = new Mat();
  private final FloatBuffer floats =
      ByteBuffer.allocateDirect(SIDE * SIDE * 3 * Float.BYTES).asFloatBuffer();
  private Photos photos;
  private ImageDecoder decoder;
  private CropBatch crop;

  @Setup
  public void open() throws IOException, UnreadableImageException {
    opencv_core.setNumThreads(1);
    photos = Photos.load();
    decoder =
        new ImageDecoder(
            preprocessing.resize(), preprocessing.crop(), Views.CENTER, DecodeLimits.DEFAULT);
    crop = new CropBatch(List.of(decoder.decode(photos.next())), 1, normalization.cropBytes());
    openCvDecode();
  }

  @TearDown
  public void close() {
    decoder.close();
    decoded.close();
    resized.close();
  }

  /** Tagstream's decoder, complete: decode, resize, crop. */
  @Benchmark
  public byte[] decodeResizeAndCrop() throws UnreadableImageException {
    return decoder.decode(photos.next());
  }

  @Benchmark
  public Mat openCvDecode() {
    byte[] photo = photos.next();
    try (BytePointer bytes = new BytePointer(photo);
        Mat encoded = new Mat(1, photo.length, opencv_core.CV_8UC1, bytes)) {
      opencv_imgcodecs.imdecode(encoded, opencv_imgcodecs.IMREAD_COLOR, decoded);
    }
    return decoded;
  }

  @Benchmark
  public Mat openCvResize() {
    double scale = (double) preprocessing.resize() / Math.min(decoded.cols(), decoded.rows());
    try (Size size =
        new Size(
            (int) Math.round(decoded.cols() * scale), (int) Math.round(decoded.rows() * scale))) {
      opencv_imgproc.resize(decoded, resized, size, 0, 0, opencv_imgproc.INTER_AREA);
    }
    return resized;
  }

  /** Converts a crop's bytes to the input of deeplearning4j. */
  @Benchmark
  public FloatBuffer normalizeInterleaved() {
    normalization.interleaved(crop, 0, 1, floats);
    return floats;
  }

  /** Converts a crop's bytes to the input of onnxruntime. */
  @Benchmark
  public FloatBuffer normalizePlanar() {
    normalization.planar(crop, 0, floats, 0);
    return floats;
  }
}
