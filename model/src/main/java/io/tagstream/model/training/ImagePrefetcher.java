package io.tagstream.model.training;

import io.tagstream.model.image.DecodeLimits;
import io.tagstream.model.image.ImageDecoder;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.model.image.Views;
import io.tagstream.model.store.Preprocessing;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Reads and decodes images on background threads, ahead of their use. The window bounds how far
 * ahead, so that memory does not grow with the number of images.
 */
final class ImagePrefetcher implements AutoCloseable {
  private final ExecutorService executor;
  private final List<ImageDecoder> decoders = new ArrayList<>();
  private final BlockingQueue<ImageDecoder> idle;

  /** Computes a value from an image's encoded bytes. */
  interface Extraction<T> {
    T extract(LabelledImage image, byte[] encoded, ImageDecoder decoder)
        throws UnreadableImageException;
  }

  /** The value of an image, or why it cannot be read. */
  sealed interface Outcome<T> {
    LabelledImage image();
  }

  record Read<T>(LabelledImage image, T value) implements Outcome<T> {}

  record Unreadable<T>(LabelledImage image, String reason) implements Outcome<T> {}

  /**
   * @param views the views that the decoders' {@code decode} cuts out
   */
  ImagePrefetcher(Preprocessing preprocessing, Views views, int threads) {
    executor =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "image-reader");
              thread.setDaemon(true);
              return thread;
            });
    idle = new ArrayBlockingQueue<>(threads);
    for (int i = 0; i < threads; i++) {
      ImageDecoder decoder =
          new ImageDecoder(
              preprocessing.resize(), preprocessing.crop(), views, DecodeLimits.DEFAULT);
      decoders.add(decoder);
      idle.add(decoder);
    }
  }

  /** An image to read and the value to compute from it. */
  record Request<T>(LabelledImage image, Extraction<T> extraction) {}

  /**
   * The outcomes of the images, in their order.
   *
   * @param window the most images that are decoded or being decoded ahead of the one in use
   */
  <T> Iterator<Outcome<T>> read(List<LabelledImage> images, int window, Extraction<T> extraction) {
    return read(images.stream().map(image -> new Request<>(image, extraction)).iterator(), window);
  }

  /**
   * The outcomes of the requests, in their order. The next request is taken when the window has
   * room.
   *
   * @param window as above
   */
  <T> Iterator<Outcome<T>> read(Iterator<Request<T>> requests, int window) {
    Deque<Future<Outcome<T>>> underWay = new ArrayDeque<>();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return !underWay.isEmpty() || requests.hasNext();
      }

      @Override
      public Outcome<T> next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        while (requests.hasNext() && underWay.size() <= window) {
          Request<T> request = requests.next();
          underWay.add(executor.submit(() -> readOne(request.image(), request.extraction())));
        }
        return await(underWay.remove());
      }
    };
  }

  private <T> Outcome<T> readOne(LabelledImage image, Extraction<T> extraction)
      throws InterruptedException {
    ImageDecoder decoder = idle.take();
    try {
      byte[] encoded = image.content().read();
      return new Read<>(image, extraction.extract(image, encoded, decoder));
    } catch (UnreadableImageException e) {
      return new Unreadable<>(image, e.reason());
    } catch (IOException e) {
      return new Unreadable<>(image, "cannot be read: " + e);
    } finally {
      idle.add(decoder);
    }
  }

  private static <T> T await(Future<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while images were read");
    } catch (ExecutionException e) {
      throw new IllegalStateException("decoding failed", e.getCause());
    }
  }

  /** Waits for the decodes in progress before freeing their decoders' memory. */
  @Override
  public void close() {
    executor.shutdownNow();
    boolean interrupted = false;
    while (!executor.isTerminated()) {
      try {
        executor.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    decoders.forEach(ImageDecoder::close);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
