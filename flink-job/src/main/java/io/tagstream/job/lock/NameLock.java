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
 * Prevents a second job of the same name on a Kafka cluster, wherever it runs, by membership in a
 * consumer group. A living holder answers within a heartbeat; a dead one is removed after the
 * session time-out.
 *
 * <p>While Kafka is unavailable, nothing happens. A membership that lapsed meanwhile is renewed; if
 * another job took the name in between, the later of the two yields.
 */
public final class NameLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NameLock.class);

  /**
   * The time after which Kafka removes a dead holder, so also the longest wait of its restart. A
   * holder that was only suspended claims the name again.
   */
  private static final Duration SESSION = Duration.ofSeconds(10);

  /** How soon a holder learns of another claim. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(1);

  /** How long the group waits for a member that lives but does not answer. */
  private static final Duration REBALANCE = Duration.ofSeconds(30);

  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration LEAVE = Duration.ofSeconds(1);

  /** A group silent for so long waits for a dead member; a broker delays a new group by 3 s. */
  private static final Duration SILENCE = Duration.ofSeconds(5);

  /** The longest wait for a silent group; a dead member's session may be longer than ours. */
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
          "interrupted while checking whether job %s runs".formatted(name.job()), e);
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
    boolean logged = false;
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
        if (!logged) {
          logged = true;
          LOG.warn(
              "Waiting for {} to leave the consumer group {}", other.get().holder(), name.group());
        }
      } else if (passed.compareTo(ANSWER) > 0) {
        throw new UserException(
            "the consumer group %s has not answered for %s: whether job %s runs elsewhere is unknown"
                .formatted(name.group(), DurationText.format(ANSWER), name.job()));
      } else if (!logged && passed.compareTo(SILENCE) > 0) {
        logged = true;
        LOG.warn(
            "Waiting until Kafka removes a member of the consumer group {} that does not answer: a"
                + " job of this name was killed or is suspended",
            name.group());
      }
      wait(POLL.toMillis());
    }
  }

  private UserException cannotAsk(KafkaException e) {
    return new UserException(
        "cannot join the consumer group %s, which shows whether job %s runs elsewhere: %s; the job needs READ on this group"
            .formatted(name.group(), name.job(), e.getMessage()),
        e);
  }

  /** Completed, with the reason, when the job must yield to another job of its name. */
  public CompletableFuture<UserException> lost() {
    return lost.copy();
  }

  /**
   * Releases the name to the next claim. Takes about a second at most while Kafka is unavailable.
   */
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
