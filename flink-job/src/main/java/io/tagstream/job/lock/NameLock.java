package io.tagstream.job.lock;

import io.tagstream.model.LastingState;
import io.tagstream.settings.DurationText;
import io.tagstream.settings.UserException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a second job of a name from a Kafka cluster, wherever it runs, by the membership of a
 * consumer group. Who holds the name answers within a heartbeat; who died is forgotten after the
 * session's time-out.
 *
 * <p>While Kafka is away nobody can say who holds the name, and nothing happens. A membership that
 * lapsed meanwhile is taken up again; if another job took the name in between, the later of the two
 * yields.
 */
public final class NameLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NameLock.class);

  /**
   * After which Kafka forgets a holder that died, and who restarts it has waited long enough. One
   * that only stood still takes the name up again.
   */
  private static final Duration SESSION = Duration.ofSeconds(10);

  /** How soon a holder hears that another one asks. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(1);

  /** How long the group waits for a member whose process lives and does not answer. */
  private static final Duration REBALANCE = Duration.ofSeconds(30);

  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration LEAVE = Duration.ofSeconds(1);

  /** Without a word for so long, somebody has died; a broker lets a new group wait for 3 s. */
  private static final Duration SILENCE = Duration.ofSeconds(5);

  /** For a group that says nothing; a dead member's session may have been set longer than ours. */
  private static final Duration ANSWER = Duration.ofMinutes(2);

  private final JobName name;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Thread thread;
  private final CompletableFuture<UserException> lost = new CompletableFuture<>();
  private Claim claim;
  private Optional<Claim> other = Optional.empty();
  private Optional<KafkaException> refusal = Optional.empty();
  private volatile boolean over;

  private NameLock(JobName name, boolean holds, Instant since, String id) {
    this.name = name;
    this.claim = new Claim(holds, since, id, ThisProcess.since(since));
    try {
      this.consumer =
          new KafkaConsumer<>(
              properties(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    } catch (KafkaException e) {
      throw cannotAsk(e);
    }
    this.thread = new Thread(this::run, "name lock of " + name.job());
    thread.setDaemon(true);
  }

  static NameLock take(JobName name, Duration patience) {
    NameLock lock = new NameLock(name, false, Instant.now(), UUID.randomUUID().toString());
    lock.thread.start();
    try {
      lock.await(patience);
      return lock;
    } catch (UserException e) {
      lock.close();
      throw e;
    } catch (InterruptedException e) {
      lock.close();
      Thread.currentThread().interrupt();
      throw new UserException(
          "interrupted while asking whether job %s runs".formatted(name.job()), e);
    }
  }

  static NameLock keep(JobName name, Instant since, String id) {
    NameLock lock = new NameLock(name, true, since, id);
    lock.thread.start();
    return lock;
  }

  private Properties properties() {
    Properties properties = new Properties();
    properties.putAll(name.consumer());
    properties.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
    properties.put(ConsumerConfig.GROUP_ID_CONFIG, name.group());
    properties.put(
        ConsumerConfig.CLIENT_ID_CONFIG,
        "%s-%s-%d".formatted(name.group(), ThisProcess.host(), ProcessHandle.current().pid()));
    properties.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
    properties.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, List.of(FirstHolds.class));
    properties.put(FirstHolds.MEMBER, member());
    properties.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, Long.toString(REBALANCE.toMillis()));
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    properties.putIfAbsent(
        CommonClientConfigs.SESSION_TIMEOUT_MS_CONFIG, Long.toString(SESSION.toMillis()));
    properties.putIfAbsent(
        CommonClientConfigs.HEARTBEAT_INTERVAL_MS_CONFIG, Long.toString(HEARTBEAT.toMillis()));
    return properties;
  }

  private FirstHolds.Member member() {
    return new FirstHolds.Member() {
      @Override
      public Claim claim() {
        synchronized (NameLock.this) {
          return claim;
        }
      }

      @Override
      public void decided(Claim first) {
        NameLock.this.decided(first);
      }
    };
  }

  private void run() {
    LastingState trouble =
        new LastingState(LOG::warn, "The consumer group %s refuses".formatted(name.group()));
    try {
      consumer.subscribe(List.of(name.topic()), readNothing());
      while (!over) {
        try {
          consumer.poll(POLL);
          trouble.isOver();
        } catch (WakeupException e) {
          return;
        } catch (InterruptException e) {
          return;
        } catch (KafkaException e) {
          refused(e);
          trouble.lasts(e.toString(), e);
          pause();
        }
      }
    } catch (RuntimeException e) {
      LOG.error("The name of job {} is not held any longer", name.job(), e);
    } finally {
      consumer.close(CloseOptions.timeout(LEAVE));
    }
  }

  private ConsumerRebalanceListener readNothing() {
    return new ConsumerRebalanceListener() {
      @Override
      public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        consumer.pause(partitions);
      }

      @Override
      public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}
    };
  }

  private static void pause() {
    try {
      Thread.sleep(POLL.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void refused(KafkaException e) {
    refusal = Optional.of(e);
    notifyAll();
  }

  private void decided(Claim first) {
    if (yieldsTo(first)) {
      over = true;
      lost.complete(
          new UserException(
              "job %s ends, because %s runs a job of this name on the same Kafka cluster and began before it: stop that one, or choose another --name"
                  .formatted(name.job(), first.holder())));
    }
  }

  private synchronized boolean yieldsTo(Claim first) {
    refusal = Optional.empty();
    boolean ours = first.id().equals(claim.id());
    boolean held = claim.holds();
    if (ours) {
      claim = claim.held();
    }
    other = ours ? Optional.empty() : Optional.of(first);
    notifyAll();
    return held && !ours;
  }

  private synchronized void await(Duration patience) throws InterruptedException {
    long start = System.nanoTime();
    Optional<Long> heldSince = Optional.empty();
    boolean said = false;
    while (!claim.holds()) {
      Duration passed = Duration.ofNanos(System.nanoTime() - start);
      if (refusal.isPresent()) {
        throw cannotAsk(refusal.get());
      }
      if (other.isPresent()) {
        if (heldSince.isEmpty()) {
          heldSince = Optional.of(System.nanoTime());
        }
        if (System.nanoTime() - heldSince.get() >= patience.toNanos()) {
          throw new UserException(
              "job %s is running already: %s holds the consumer group %s on this Kafka cluster; stop it, or choose another --name"
                  .formatted(name.job(), other.get().holder(), name.group()));
        }
        if (!said) {
          said = true;
          LOG.warn(
              "Waits for {} to leave the consumer group {}", other.get().holder(), name.group());
        }
      } else if (passed.compareTo(ANSWER) > 0) {
        throw new UserException(
            "the consumer group %s has not answered for %s: nobody can say whether job %s runs elsewhere"
                .formatted(name.group(), DurationText.format(ANSWER), name.job()));
      } else if (!said && passed.compareTo(SILENCE) > 0) {
        said = true;
        LOG.warn(
            "Waits until Kafka forgets a member of the consumer group {} that does not answer: a job of this name was killed, or stands still",
            name.group());
      }
      wait(POLL.toMillis());
    }
  }

  private UserException cannotAsk(KafkaException e) {
    return new UserException(
        "cannot join the consumer group %s, which says whether job %s runs elsewhere: %s; the job needs READ on this group"
            .formatted(name.group(), name.job(), e.getMessage()),
        e);
  }

  /** Completed when the job has to yield to another one of its name, with what to say. */
  public CompletableFuture<UserException> lost() {
    return lost.copy();
  }

  /** Gives the name to the next one that wants it. Takes a second at most when Kafka is away. */
  @Override
  public void close() {
    over = true;
    consumer.wakeup();
    try {
      thread.join(2 * LEAVE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
