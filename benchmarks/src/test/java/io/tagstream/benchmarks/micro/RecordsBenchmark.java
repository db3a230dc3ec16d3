package io.tagstream.benchmarks.micro;

import io.tagstream.schemas.Image;
import io.tagstream.schemas.MalformedRecordException;
import io.tagstream.schemas.WireFormat;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Measures Avro's single-object encoding of an image of 100 KB. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class RecordsBenchmark {
  private static final int BYTES = 100_000;

  private final WireFormat<Image> format = WireFormat.of(Image.class);
  private final Image image =
      Image.newBuilder().setId("an image").setContent(ByteBuffer.allocate(BYTES)).build();
  private final byte[] encoded = format.encode(image);

  @Benchmark
  public byte[] encode() {
    return format.encode(image);
  }

  @Benchmark
  public Image decode() throws MalformedRecordException {
    return format.decode(encoded);
  }
}
