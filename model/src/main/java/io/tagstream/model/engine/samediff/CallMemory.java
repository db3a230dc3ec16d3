package io.tagstream.model.engine.samediff;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.internal.memory.AbstractMemoryMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The arrays of a graph's calls, which the next call reuses. SameDiff's own memory manager leaves
 * the arrays of a backward pass to the garbage collector, which does not account for gigabytes
 * outside the heap.
 *
 * <p>A call's arrays, its results included, are valid until the next call begins. Arrays are kept
 * for one batch size; a call with another size frees them.
 */
final class CallMemory extends AbstractMemoryMgr {
  private final Map<Shape, Deque<INDArray>> idle = new HashMap<>();
  private final List<INDArray> used = new ArrayList<>();
  private long batchSize;

  private record Shape(DataType type, List<Long> dimensions, char order) {
    Shape(LongShapeDescriptor descriptor) {
      this(
          descriptor.dataType(),
          Arrays.stream(descriptor.getShape()).boxed().toList(),
          descriptor.getOrder());
    }

    static Shape of(INDArray array) {
      return new Shape(
          array.dataType(), Arrays.stream(array.shape()).boxed().toList(), array.ordering());
    }
  }

  /** Reclaims the arrays of the last call. */
  void beginCall(long nextBatchSize) {
    if (nextBatchSize == batchSize) {
      used.forEach(
          array -> idle.computeIfAbsent(Shape.of(array), key -> new ArrayDeque<>()).add(array));
      used.clear();
    } else {
      close();
      batchSize = nextBatchSize;
    }
  }

  @Override
  public INDArray allocate(boolean detached, DataType dataType, long... shape) {
    return allocate(detached, LongShapeDescriptor.fromShape(shape, dataType));
  }

  @Override
  public INDArray allocate(boolean detached, LongShapeDescriptor descriptor) {
    if (descriptor.isEmpty()) {
      return Nd4j.create(descriptor);
    }
    Deque<INDArray> fitting = idle.get(new Shape(descriptor));
    INDArray array =
        fitting != null && !fitting.isEmpty()
            ? fitting.remove()
            : Nd4j.createUninitializedDetached(
                descriptor.dataType(), descriptor.getOrder(), descriptor.getShape());
    used.add(array);
    return array;
  }

  /** Does nothing: an array may be the result of a call under another name. */
  @Override
  public void release(INDArray array) {}

  @Override
  public void close() {
    used.forEach(INDArray::close);
    used.clear();
    idle.values().forEach(arrays -> arrays.forEach(INDArray::close));
    idle.clear();
  }
}
