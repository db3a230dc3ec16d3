package io.tagstream.consumers;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tagstream.settings.DurationText;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.common.TopicPartition;

/**
 * A transaction that is open on topics which are read committed: nothing behind its beginning is
 * seen by their readers before it ends.
 *
 * @param transactionalId empty where no coordinator knows the transaction any more, or this user
 *     may not see it
 * @param beginnings the offset of its first record, by partition; not empty
 * @param since when it began; without its id when its producer last wrote, which is later
 * @param timeout after which the broker ends it; empty without its id
 * @param behind offsets from its beginnings to the partitions' ends: its own records and others
 */
record OpenTransaction(
    Optional<String> transactionalId,
    long producerId,
    SortedMap<String, Long> beginnings,
    Instant since,
    Optional<Duration> timeout,
    long behind) {

  /** A job that works keeps one open for two checkpoints; one that is older deserves an advice. */
  private static final Duration USUAL = Duration.ofMinutes(1);

  /**
   * The one that began first.
   *
   * @param producers those that each partition knows
   * @param transactions by id, those that the coordinators know
   * @param ends of the partitions
   */
  static Optional<OpenTransaction> oldest(
      Map<TopicPartition, ? extends Collection<ProducerState>> producers,
      Map<String, TransactionDescription> transactions,
      Map<TopicPartition, Long> ends) {
    Map<Long, Opened> opened = new TreeMap<>();
    producers.forEach(
        (partition, states) ->
            states.stream()
                .filter(state -> state.currentTransactionStartOffset().isPresent())
                .forEach(
                    state ->
                        opened
                            .computeIfAbsent(state.producerId(), id -> new Opened())
                            .add(partition, state)));
    return opened.entrySet().stream()
        .map(entry -> entry.getValue().transaction(entry.getKey(), transactions, ends))
        .min(Comparator.comparing(OpenTransaction::since));
  }

  /** What one producer has open. */
  private static final class Opened {
    private final Map<TopicPartition, Long> beginnings = new HashMap<>();
    private long lastWrite;

    void add(TopicPartition partition, ProducerState state) {
      beginnings.put(partition, state.currentTransactionStartOffset().getAsLong());
      lastWrite = Math.max(lastWrite, state.lastTimestamp());
    }

    OpenTransaction transaction(
        long producerId,
        Map<String, TransactionDescription> transactions,
        Map<TopicPartition, Long> ends) {
      Optional<Map.Entry<String, TransactionDescription>> known =
          transactions.entrySet().stream()
              .filter(entry -> entry.getValue().producerId() == producerId)
              // One that its coordinator has ended, and forgotten here, never ends by itself.
              .filter(entry -> entry.getValue().transactionStartTimeMs().isPresent())
              .findFirst();
      SortedMap<String, Long> sorted = new TreeMap<>();
      beginnings.forEach((partition, offset) -> sorted.put(partition.toString(), offset));
      return new OpenTransaction(
          known.map(Map.Entry::getKey),
          producerId,
          sorted,
          Instant.ofEpochMilli(
              known
                  .map(entry -> entry.getValue().transactionStartTimeMs().getAsLong())
                  .orElse(lastWrite)),
          known.map(entry -> Duration.ofMillis(entry.getValue().transactionTimeoutMs())),
          beginnings.entrySet().stream()
              .mapToLong(
                  entry -> Math.max(ends.getOrDefault(entry.getKey(), 0L) - entry.getValue(), 0))
              .sum());
    }
  }

  /** Whether a job began it. */
  boolean isOf(String job) {
    return transactionalId.filter(id -> id.startsWith(job + ":")).isPresent();
  }

  /** In one line. */
  String text(String job, Instant now) {
    String whose =
        transactionalId
            .map(id -> (isOf(job) ? "" : "of another program, ") + id)
            .orElse("of producer %d, whose name the broker does not tell".formatted(producerId));
    String text =
        "%s old, %s, on %s"
            .formatted(RoughTime.of(age(now)), whose, String.join(", ", beginnings.keySet()));
    return age(now).compareTo(USUAL) <= 0 ? text : text + advice(now);
  }

  private String advice(Instant now) {
    String waiting =
        "; committed readers wait for it with %d offsets behind its beginning".formatted(behind);
    if (timeout.isPresent()) {
      Duration left = timeout.get().minus(age(now));
      return "%s; if its program does not end it, the broker does %s (transaction.timeout.ms is %s)"
          .formatted(
              waiting,
              left.isNegative() ? "any moment" : "in " + RoughTime.of(left),
              DurationText.format(timeout.get()));
    }
    String partition = beginnings.firstKey();
    int dash = partition.lastIndexOf('-');
    return "%s; if its program is gone and no broker ends it, kafka-transactions.sh abort --topic %s --partition %s --start-offset %d does"
        .formatted(
            waiting,
            partition.substring(0, dash),
            partition.substring(dash + 1),
            beginnings.get(partition));
  }

  private Duration age(Instant now) {
    Duration age = Duration.between(since, now);
    return age.isNegative() ? Duration.ZERO : age;
  }

  /** An object of its own. */
  void writeTo(JsonGenerator json, String job, Instant now) throws IOException {
    json.writeStartObject();
    json.writeFieldName("transactionalId");
    if (transactionalId.isPresent()) {
      json.writeString(transactionalId.get());
    } else {
      json.writeNull();
    }
    json.writeNumberField("producerId", producerId);
    json.writeBooleanField("ofThisJob", isOf(job));
    json.writeStringField("since", since.toString());
    json.writeNumberField("ageSeconds", age(now).toSeconds());
    json.writeFieldName("timeoutMs");
    if (timeout.isPresent()) {
      json.writeNumber(timeout.get().toMillis());
    } else {
      json.writeNull();
    }
    json.writeArrayFieldStart("partitions");
    for (String partition : beginnings.keySet()) {
      json.writeString(partition);
    }
    json.writeEndArray();
    json.writeNumberField("offsetsBehind", behind);
    json.writeEndObject();
  }
}
