package io.tagstream.local.demo;

import io.tagstream.consumers.TopicReader;
import io.tagstream.job.JobRequest;
import io.tagstream.job.JobRunner;
import io.tagstream.job.RunningJob;
import io.tagstream.producers.Pace;
import io.tagstream.producers.RecordSender;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Printable;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;

/** A running demo: a job, a thread that sends images, and two threads that read the results. */
final class DemoRun {
  private static final Duration POLL = Duration.ofMillis(100);

  /** Limits the images in flight, so that a slow machine leaves few of them for the next run. */
  private static final int MAX_IN_FLIGHT = 64;

  private final KafkaConnection connection;
  private final Topics topics;
  private final DemoImages images;
  private final String name;
  private final double rate;
  private final long predictions;
  private final Scoreboard scoreboard;
  private final PrintWriter err;

  /**
   * @param name prefix of each id, so that no two runs send the same ids
   * @param rate images a second
   * @param predictions number of predictions after which the demo ends
   */
  DemoRun(
      KafkaConnection connection,
      Topics topics,
      DemoImages images,
      String name,
      double rate,
      long predictions,
      Scoreboard scoreboard,
      PrintWriter err) {
    this.connection = connection;
    this.topics = topics;
    this.images = images;
    this.name = name;
    this.rate = rate;
    this.predictions = predictions;
    this.scoreboard = scoreboard;
    this.err = err;
  }

  /** Runs until the stop is requested; on return the job has stopped with a savepoint. */
  void run(JobRequest request, DemoStop stop) throws InterruptedException {
    AtomicReference<RuntimeException> failure = new AtomicReference<>();
    Consumer<RuntimeException> failed =
        e -> {
          failure.compareAndSet(null, e);
          stop.request();
        };
    Pace pace = Pace.perSecond(rate);
    Semaphore slots = new Semaphore(MAX_IN_FLIGHT);
    try (TopicReader<Prediction> tagged =
            TopicReader.open(connection, topics.predictions(), WireFormat.of(Prediction.class));
        TopicReader<Rejection> rejected =
            TopicReader.open(connection, topics.rejectedImages(), WireFormat.of(Rejection.class))) {
      Thread predictionThread =
          start("predictions", failed, () -> read(tagged, p -> predicted(p, slots, stop)));
      Thread rejectionThread =
          start(
              "rejections",
              failed,
              () ->
                  read(
                      rejected,
                      rejection -> {
                        scoreboard.add(rejection);
                        if (rejection.getImageId().filter(this::isOurs).isPresent()) {
                          slots.release();
                        }
                        return true;
                      }));
      try (RunningJob job = JobRunner.start(request)) {
        job.awaitRunning();
        Thread producer = start("producer", failed, () -> send(pace, slots, stop));
        while (!stop.await(POLL)) {
          // Throws the cause if the job has failed.
          job.await(Duration.ofMillis(1));
        }
        pace.stop();
        producer.join();
        job.stop();
      } finally {
        pace.stop();
        tagged.stop();
        rejected.stop();
        predictionThread.join();
        rejectionThread.join();
      }
    }
    if (failure.get() != null) {
      throw failure.get();
    }
  }

  private boolean isOurs(String id) {
    return id.startsWith(name + "/");
  }

  private boolean predicted(Prediction prediction, Semaphore slots, DemoStop stop) {
    if (!isOurs(prediction.getImageId())) {
      scoreboard.addEarlier();
      return true;
    }
    slots.release();
    scoreboard.add(prediction);
    if (scoreboard.predicted() < predictions) {
      return true;
    }
    stop.request();
    return false;
  }

  private void send(Pace pace, Semaphore slots, DemoStop stop) {
    try (RecordSender<Image> labelled = RecordSender.ofImages(connection, topics.labeledImages());
        RecordSender<Image> unlabelled = RecordSender.ofImages(connection, topics.images())) {
      for (long number = 0; pace.awaitTurn() && acquire(slots, stop); number++) {
        String id = name + "/" + images.name(number);
        RecordSender.Outcome outcome = new Sent(id, slots, err);
        try {
          Image image = images.image(number, id);
          (image.getLabel().isPresent() ? labelled : unlabelled).send(image, outcome);
        } catch (IOException e) {
          outcome.refused(e.toString());
        }
      }
    }
  }

  /** Waits until another image may be sent; returns false when the demo is stopping. */
  private static boolean acquire(Semaphore slots, DemoStop stop) {
    try {
      while (!slots.tryAcquire(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
        if (stop.requested()) {
          return false;
        }
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private record Sent(String id, Semaphore slots, PrintWriter err) implements RecordSender.Outcome {
    @Override
    public void acknowledged() {}

    @Override
    public void refused(String reason) {
      slots.release();
      err.printf("not sent: %s: %s%n", Printable.of(id), Printable.of(reason));
      err.flush();
    }
  }

  /** Receives a record and returns whether to continue. */
  private interface Taker<T> {
    boolean take(T record);
  }

  private <T extends SpecificRecord> void read(TopicReader<T> reader, Taker<T> taker) {
    reader.read(
        TopicReader.Start.END,
        TopicReader.Stop.NEVER,
        new TopicReader.Sink<>() {
          @Override
          public boolean record(T record) {
            return taker.take(record);
          }

          @Override
          public boolean malformed(String where, String reason) {
            err.printf("%s: %s%n", Printable.of(where), Printable.of(reason));
            err.flush();
            return true;
          }
        });
  }

  private static Thread start(String name, Consumer<RuntimeException> failed, Runnable work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (RuntimeException e) {
                failed.accept(e);
              }
            },
            "demo-" + name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}
