package io.tagstream.job.sink;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownProducerIdException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wraps Kafka's committer and judges transactions that it can never commit; the connector only logs
 * an error and continues.
 *
 * <p>In the attempt that wrote a transaction, no other process can have committed it: it is lost.
 * After a resume, the previous attempt usually committed it, and its id has been reused or
 * forgotten since; a read of the topic decides. A loss ends the job unless the user accepts it.
 */
final class JudgingCommitter implements Committer<TracedTransaction> {
  private static final Logger LOG = LoggerFactory.getLogger(JudgingCommitter.class);
  private static final Duration CLOSING = Duration.ofSeconds(3);

  /** The broker's errors after which a transaction can never be committed. */
  private static final List<Class<? extends Exception>> FOR_GOOD =
      List.of(
          ProducerFencedException.class,
          InvalidProducerEpochException.class,
          InvalidTxnStateException.class,
          UnknownProducerIdException.class,
          // The broker has forgotten the id. The connector would retry indefinitely.
          InvalidPidMappingException.class);

  private final Committer<KafkaCommittable> kafka;
  private final FateOfRecords topic;
  private final Loss loss;
  private final Outage outage;
  private final boolean acceptLoss;

  /**
   * @param topic looks up transactions of earlier attempts
   * @param acceptLoss whether a loss is only a warning
   */
  JudgingCommitter(
      Committer<KafkaCommittable> kafka,
      FateOfRecords topic,
      Loss loss,
      Outage outage,
      boolean acceptLoss) {
    this.kafka = kafka;
    this.topic = topic;
    this.loss = loss;
    this.outage = outage;
    this.acceptLoss = acceptLoss;
  }

  @Override
  public void commit(Collection<CommitRequest<TracedTransaction>> requests)
      throws IOException, InterruptedException {
    List<Attempt> attempts =
        requests.stream().map(request -> new Attempt(request, outage)).toList();
    kafka.commit(List.copyOf(attempts));
    List<Loss.Lost> lost = new ArrayList<>();
    for (Attempt attempt : attempts) {
      if (attempt.failure.isPresent()) {
        judge(attempt.request, attempt.failure.get()).ifPresent(lost::add);
      }
    }
    if (!lost.isEmpty()) {
      report(lost);
    }
  }

  private void report(List<Loss.Lost> lost) {
    String remedy = loss.remedy(lost);
    if (acceptLoss) {
      LOG.warn(
          "Continuing although {}{}",
          loss.what(lost),
          remedy.isEmpty() ? "" : "; to get them back: " + remedy);
      return;
    }
    throw new SuppressRestartsException(
        new UserException(
            "%s; start the job again with --accept-loss%s"
                .formatted(
                    loss.what(lost), remedy.isEmpty() ? "" : ", and to get them back: " + remedy)));
  }

  private Optional<Loss.Lost> judge(CommitRequest<TracedTransaction> request, Throwable failure)
      throws IOException, InterruptedException {
    TracedTransaction transaction = request.getCommittable();
    if (transaction.ofThisAttempt()) {
      return lost(request, failure, failure.toString());
    }
    String id = transaction.kafka().getTransactionalId();
    if (transaction.record().isEmpty()) {
      LOG.warn(
          "Cannot commit the snapshot's transaction {}: {}. Most likely it was committed before the"
              + " job ended; snapshots of earlier releases do not record where to check",
          id,
          failure.toString());
      request.signalFailedWithKnownReason(failure);
      return Optional.empty();
    }
    Coordinates record = transaction.record().get();
    switch (topic.of(record)) {
      case COMMITTED -> {
        LOG.info("Transaction {} was committed before: its record {} was found", id, record);
        request.signalAlreadyCommitted();
        return Optional.empty();
      }
      case ABORTED -> {
        return lost(request, failure, "readers skip its record %s: %s".formatted(record, failure));
      }
      case DELETED -> {
        return lost(
            request,
            failure,
            "its record %s was deleted meanwhile, so whether it was committed is unknown: %s"
                .formatted(record, failure));
      }
      case UNDECIDED -> {
        if (acceptLoss) {
          return lost(
              request,
              failure,
              "whether it was committed is not known yet, because a transaction is open before its record %s: %s"
                  .formatted(record, failure));
        }
        throw new IOException(
            "cannot determine whether transaction %s was committed: another transaction is open before its record %s; it ends after its transaction.timeout.ms at the latest"
                .formatted(id, record),
            failure);
      }
    }
    throw new IllegalStateException("no fate of " + record);
  }

  private static Optional<Loss.Lost> lost(
      CommitRequest<TracedTransaction> request, Throwable failure, String why) {
    request.signalFailedWithKnownReason(failure);
    return Optional.of(new Loss.Lost(request.getCommittable(), why));
  }

  @Override
  public void close() {
    QuietClose.close(kafka, CLOSING, "the committer of " + loss.topic());
  }

  /** Passes a request to Kafka's committer and keeps the failure for the verdict. */
  private static final class Attempt implements CommitRequest<KafkaCommittable> {
    private final CommitRequest<TracedTransaction> request;
    private final Outage outage;
    private final long begin = System.nanoTime();
    private Optional<Throwable> failure = Optional.empty();

    Attempt(CommitRequest<TracedTransaction> request, Outage outage) {
      this.request = request;
      this.outage = outage;
    }

    @Override
    public KafkaCommittable getCommittable() {
      return request.getCommittable().kafka();
    }

    @Override
    public int getNumberOfRetries() {
      return request.getNumberOfRetries();
    }

    @Override
    public void signalFailedWithKnownReason(Throwable reason) {
      failure = Optional.of(reason);
    }

    @Override
    public void signalFailedWithUnknownReason(Throwable reason) {
      if (FOR_GOOD.stream()
          .anyMatch(type -> ExceptionUtils.findThrowable(reason, type).isPresent())) {
        failure = Optional.of(reason);
      } else {
        request.signalFailedWithUnknownReason(reason);
      }
    }

    @Override
    public void retryLater() {
      if (System.nanoTime() - begin >= outage.patience().toNanos()) {
        throw outage.over(
            new TimeoutException(
                "no answer to the commit of " + getCommittable().getTransactionalId()));
      }
      request.retryLater();
    }

    @Override
    public void updateAndRetryLater(KafkaCommittable committable) {
      TracedTransaction before = request.getCommittable();
      request.updateAndRetryLater(
          new TracedTransaction(committable, before.record(), before.records(), before.sources()));
    }

    @Override
    public void signalAlreadyCommitted() {
      request.signalAlreadyCommitted();
    }

    /** The connector logs it. */
    @Override
    public String toString() {
      return getCommittable().getTransactionalId();
    }
  }
}
