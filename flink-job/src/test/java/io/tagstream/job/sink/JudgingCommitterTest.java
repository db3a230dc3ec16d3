package io.tagstream.job.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.Committer.CommitRequest;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.internal.FlinkKafkaInternalProducer;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.UnknownProducerIdException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class JudgingCommitterTest {
  private static final Coordinates RECORD = new Coordinates("predictions", 2, 77);
  private static final SourceRanges SOURCES =
      new SourceRanges(
          List.of(
              new SourceRanges.Range("images", 0, 1200, 1391),
              new SourceRanges.Range("images", 3, 980, 980)));

  private final FakeKafka kafka = new FakeKafka();
  private final Map<Coordinates, Fate> fates = new HashMap<>();
  private final List<FlinkKafkaInternalProducer<?, ?>> producers = new ArrayList<>();

  @AfterEach
  void close() {
    producers.forEach(FlinkKafkaInternalProducer::close);
  }

  /** A committer that treats each transaction as the test wants. */
  private static final class FakeKafka implements Committer<KafkaCommittable> {
    final Map<String, Throwable> known = new HashMap<>();
    final Map<String, Throwable> unknown = new HashMap<>();
    boolean retry;
    Optional<IOException> failsToClose = Optional.empty();

    @Override
    public void commit(Collection<CommitRequest<KafkaCommittable>> requests) {
      for (CommitRequest<KafkaCommittable> request : requests) {
        String id = request.getCommittable().getTransactionalId();
        Optional.ofNullable(known.get(id)).ifPresent(request::signalFailedWithKnownReason);
        Optional.ofNullable(unknown.get(id)).ifPresent(request::signalFailedWithUnknownReason);
        if (retry) {
          request.retryLater();
        }
      }
    }

    @Override
    public void close() throws IOException {
      if (failsToClose.isPresent()) {
        throw failsToClose.get();
      }
    }
  }

  /** A request as Flink passes it, which records the signals. */
  private static final class FakeRequest implements CommitRequest<TracedTransaction> {
    private final TracedTransaction transaction;
    String outcome = "committed";

    FakeRequest(TracedTransaction transaction) {
      this.transaction = transaction;
    }

    @Override
    public TracedTransaction getCommittable() {
      return transaction;
    }

    @Override
    public int getNumberOfRetries() {
      return 0;
    }

    @Override
    public void signalFailedWithKnownReason(Throwable reason) {
      outcome = "failed";
    }

    @Override
    public void signalFailedWithUnknownReason(Throwable reason) {
      outcome = "unknown";
      throw new IllegalStateException("Failed to commit", reason);
    }

    @Override
    public void retryLater() {
      outcome = "retried";
    }

    @Override
    public void updateAndRetryLater(TracedTransaction committable) {
      throw new AssertionError("unexpected update");
    }

    @Override
    public void signalAlreadyCommitted() {
      outcome = "committed before";
    }
  }

  private JudgingCommitter committer(boolean acceptLoss) {
    return new JudgingCommitter(
        kafka,
        record -> Optional.ofNullable(fates.get(record)).orElseThrow(AssertionError::new),
        new Loss(new Topics(""), "predictions"),
        Outage.of("127.0.0.1:1", Duration.ofHours(1), new Properties()),
        acceptLoss);
  }

  private FakeRequest written(String id) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", "127.0.0.1:1");
    properties.put("key.serializer", ByteArraySerializer.class.getName());
    properties.put("value.serializer", ByteArraySerializer.class.getName());
    FlinkKafkaInternalProducer<byte[], byte[]> producer =
        new FlinkKafkaInternalProducer<>(properties, id);
    producers.add(producer);
    return new FakeRequest(
        new TracedTransaction(
            new KafkaCommittable(5, (short) 1, id, producer), Optional.of(RECORD), 193, SOURCES));
  }

  private static FakeRequest restored(String id) {
    return new FakeRequest(
        new TracedTransaction(
            new KafkaCommittable(5, (short) 1, id, null), Optional.of(RECORD), 193, SOURCES));
  }

  private static List<Exception> forGood() {
    return List.of(
        new ProducerFencedException("a newer producer"),
        new InvalidTxnStateException("aborted"),
        new UnknownProducerIdException("forgotten"),
        new InvalidProducerEpochException("an old epoch"),
        new InvalidPidMappingException("expired"),
        new KafkaException("in an error state", new InvalidProducerEpochException("an old epoch")));
  }

  /** How the connector signals the exceptions: only some have a known reason. */
  private void fail(String id, Exception failure) {
    boolean known =
        failure instanceof ProducerFencedException
            || failure instanceof InvalidTxnStateException
            || failure instanceof UnknownProducerIdException;
    (known ? kafka.known : kafka.unknown).put(id, failure);
  }

  @Test
  void aCommittedTransactionIsSignalledAsCommitted() throws Exception {
    FakeRequest request = written("a");
    committer(false).commit(List.of(request));
    assertThat(request.outcome).isEqualTo("committed");
  }

  @ParameterizedTest
  @MethodSource("forGood")
  void inTheAttemptThatWroteItItIsLostAndNamed(Exception failure) {
    fail("a", failure);
    assertThatThrownBy(() -> committer(false).commit(List.of(written("a"), written("b"))))
        .isInstanceOf(SuppressRestartsException.class)
        .cause()
        .isInstanceOf(UserException.class)
        .hasMessageContaining("193 records for predictions are lost")
        .hasMessageContaining(failure.toString())
        .hasMessageContaining("images-0 offsets 1200 to 1391, images-3 offset 980")
        .hasMessageContaining("--accept-loss")
        .hasMessageContaining(
            "tagstream retag --missing --from-offsets 0:1200,3:980 --to-offsets 0:1392,3:981 --to"
                + " predictions");
  }

  @Test
  void anAcceptedLossIsAWarning() throws Exception {
    fail("a", new ProducerFencedException("a newer producer"));
    FakeRequest lost = written("a");
    FakeRequest other = written("b");
    committer(true).commit(List.of(lost, other));
    assertThat(lost.outcome).isEqualTo("failed");
    assertThat(other.outcome).isEqualTo("committed");
  }

  @ParameterizedTest
  @MethodSource("forGood")
  void afterARestoreTheTopicSaysThatItWasCommitted(Exception failure) throws Exception {
    fail("a", failure);
    fates.put(RECORD, Fate.COMMITTED);
    FakeRequest request = restored("a");
    committer(false).commit(List.of(request));
    assertThat(request.outcome).isEqualTo("committed before");
  }

  @ParameterizedTest
  @MethodSource("forGood")
  void afterARestoreTheTopicSaysThatItIsLost(Exception failure) {
    fail("a", failure);
    for (Fate fate : List.of(Fate.ABORTED, Fate.DELETED)) {
      fates.put(RECORD, fate);
      assertThatThrownBy(() -> committer(false).commit(List.of(restored("a"))))
          .isInstanceOf(SuppressRestartsException.class)
          .cause()
          .isInstanceOf(UserException.class)
          .hasMessageContaining("193 records for predictions are lost")
          .hasMessageContaining("predictions-2@77")
          .hasMessageContaining("retag --missing");
    }
  }

  @Test
  void severalLossesAreOneMessage() {
    Exception failure = new ProducerFencedException("a newer producer");
    fail("a", failure);
    fail("b", failure);
    FakeRequest second =
        new FakeRequest(
            new TracedTransaction(
                written("b").transaction.kafka(),
                Optional.of(RECORD),
                7,
                new SourceRanges(
                    List.of(
                        new SourceRanges.Range("images", 0, 1300, 1400),
                        new SourceRanges.Range("labeled-images", 0, 4, 5),
                        new SourceRanges.Range("labels", 1, 8, 8)))));
    assertThatThrownBy(() -> committer(false).commit(List.of(written("a"), second)))
        .cause()
        .message()
        .contains("200 records for predictions are lost")
        .contains("images-0 offsets 1200 to 1400, images-3 offset 980")
        .contains("--from-offsets 0:1200,3:980 --to-offsets 0:1401,3:981")
        .contains("retag --missing --labeled --from-offsets 0:4 --to-offsets 0:6")
        .contains("send the labels at labels-1 offset 8 again")
        .containsOnlyOnce("a newer producer");
  }

  @Test
  void anUndecidedTransactionFailsTheAttemptUnlessLossIsAccepted() throws Exception {
    fail("a", new ProducerFencedException("a newer producer"));
    fates.put(RECORD, Fate.UNDECIDED);
    assertThatThrownBy(() -> committer(false).commit(List.of(restored("a"))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("predictions-2@77");
    FakeRequest request = restored("a");
    committer(true).commit(List.of(request));
    assertThat(request.outcome).isEqualTo("failed");
  }

  @Test
  void aSnapshotOfAnEarlierReleaseOnlyCausesAWarning() throws Exception {
    fail("a", new ProducerFencedException("a newer producer"));
    FakeRequest request =
        new FakeRequest(TracedTransaction.untraced(new KafkaCommittable(5, (short) 1, "a", null)));
    committer(false).commit(List.of(request));
    assertThat(request.outcome).isEqualTo("failed");
  }

  @Test
  void anotherFailureRestartsTheJob() {
    kafka.unknown.put("a", new KafkaException("not authorised"));
    assertThatThrownBy(() -> committer(false).commit(List.of(written("a"))))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aCommitWithoutAnswerIsRetried() throws Exception {
    kafka.retry = true;
    FakeRequest request = written("a");
    committer(false).commit(List.of(request));
    assertThat(request.outcome).isEqualTo("retried");
  }

  @Test
  void aCommitWithoutAnswerForTheWholeOutageEndsTheJob() {
    kafka.retry = true;
    JudgingCommitter impatient =
        new JudgingCommitter(
            kafka,
            record -> Fate.UNDECIDED,
            new Loss(new Topics(""), "predictions"),
            Outage.of("127.0.0.1:1", Duration.ZERO, new Properties()),
            false);
    assertThatThrownBy(() -> impatient.commit(List.of(written("a"))))
        .isInstanceOf(SuppressRestartsException.class)
        .cause()
        .hasMessageContaining("kafka.outage");
  }

  @Test
  void closeDoesNotThrow() {
    kafka.failsToClose = Optional.of(new IOException("not closed"));
    assertThatCode(() -> committer(false).close()).doesNotThrowAnyException();
  }
}
