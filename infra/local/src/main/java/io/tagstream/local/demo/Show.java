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

/**
 * The demo while it runs: a job, a thread that sends, two that read.
 *
 * @param run part of each id, so that no two runs send the same
 * @param rate images a second
 * @param predictions after so many it ends
 */
record Show(
    KafkaConnection connection,
    Topics topics,
    Pictures pictures,
    String run,
    double rate,
    long predictions,
    Scoreboard scoreboard,
    PrintWriter err) {
  private static final Duration LOOK = Duration.ofMillis(100);

  /** Pictures on their way at most: what a slow machine leaves behind, the next run begins with. */
  private static final int ON_THEIR_WAY = 64;

  /** Runs until it is to stop; the job then has stopped with a savepoint. */
  void run(JobRequest request, DemoStop stop) throws InterruptedException {
    AtomicReference<RuntimeException> failure = new AtomicReference<>();
    Consumer<RuntimeException> failed =
        e -> {
          failure.compareAndSet(null, e);
          stop.request();
        };
    Pace pace = Pace.perSecond(rate);
    Semaphore room = new Semaphore(ON_THEIR_WAY);
    try (TopicReader<Prediction> tagged =
            TopicReader.open(connection, topics.predictions(), WireFormat.of(Prediction.class));
        TopicReader<Rejection> rejected =
            TopicReader.open(connection, topics.rejectedImages(), WireFormat.of(Rejection.class))) {
      Thread predictionThread =
          start("predictions", failed, () -> read(tagged, p -> predicted(p, room, stop)));
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
                          room.release();
                        }
                        return true;
                      }));
      try (RunningJob job = JobRunner.start(request)) {
        job.awaitRunning();
        Thread producer = start("producer", failed, () -> send(pace, room, stop));
        while (!stop.await(LOOK)) {
          // Throws the cause when the job has failed.
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
    return id.startsWith(run + "/");
  }

  private boolean predicted(Prediction prediction, Semaphore room, DemoStop stop) {
    if (!isOurs(prediction.getImageId())) {
      scoreboard.addEarlier();
      return true;
    }
    room.release();
    scoreboard.add(prediction);
    if (scoreboard.predicted() < predictions) {
      return true;
    }
    stop.request();
    return false;
  }

  private void send(Pace pace, Semaphore room, DemoStop stop) {
    try (RecordSender<Image> labelled = RecordSender.ofImages(connection, topics.labeledImages());
        RecordSender<Image> unlabelled = RecordSender.ofImages(connection, topics.images())) {
      for (long number = 0; pace.awaitTurn() && entered(room, stop); number++) {
        String id = run + "/" + pictures.name(number);
        RecordSender.Outcome outcome = new Sent(id, room, err);
        try {
          Image image = pictures.picture(number, id);
          (image.getLabel().isPresent() ? labelled : unlabelled).send(image, outcome);
        } catch (IOException e) {
          outcome.refused(e.toString());
        }
      }
    }
  }

  /** Waits for room; false when the demo is to stop. */
  private static boolean entered(Semaphore room, DemoStop stop) {
    try {
      while (!room.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
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

  private record Sent(String id, Semaphore room, PrintWriter err) implements RecordSender.Outcome {
    @Override
    public void acknowledged() {}

    @Override
    public void refused(String reason) {
      room.release();
      err.printf("not sent: %s: %s%n", Printable.of(id), Printable.of(reason));
      err.flush();
    }
  }

  /** Takes a record and tells whether to go on. */
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
