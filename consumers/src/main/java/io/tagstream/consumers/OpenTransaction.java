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
 * A transaction that is open on the output topics. Read-committed consumers see nothing after its
 * first record until it ends.
 *
 * @param transactionalId empty if no coordinator knows the transaction any more or this user may
 *     not see it
 * @param beginnings the offset of its first record, by partition; not empty
 * @param since when it began; without an id, when its producer last wrote, which is later
 * @param timeout after which the broker aborts it; empty without an id
 * @param behind number of offsets from its first records to the ends of the partitions, those of
 *     other transactions included
 */
record OpenTransaction(
    Optional<String> transactionalId,
    long producerId,
    SortedMap<String, Long> beginnings,
    Instant since,
    Optional<Duration> timeout,
    long behind) {

  /**
   * A running job keeps a transaction open for two checkpoints; for an older one the text adds
   * advice.
   */
  private static final Duration USUAL = Duration.ofMinutes(1);

  /**
   * Selects the transaction that began first.
   *
   * @param producers the producers that each partition knows
   * @param transactions the transactions that the coordinators know, by id
   * @param ends the end offsets of the partitions
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

  /** The open transaction of one producer. */
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
              // Without a start time the coordinator has ended it, but this partition got no
              // marker: a hanging transaction, which never ends by itself.
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

  /** Whether the named job began it. */
  boolean isOf(String job) {
    return transactionalId.filter(id -> id.startsWith(job + ":")).isPresent();
  }

  /** One line on the transaction. */
  String text(String job, Instant now) {
    String whose =
        transactionalId
            .map(id -> (isOf(job) ? "" : "of another program, ") + id)
            .orElse("of producer %d, whose id the broker does not report".formatted(producerId));
    String text =
        "%s old, %s, on %s"
            .formatted(RoughTime.of(age(now)), whose, String.join(", ", beginnings.keySet()));
    return age(now).compareTo(USUAL) <= 0 ? text : text + advice(now);
  }

  private String advice(Instant now) {
    String waiting =
        "; read-committed consumers wait for it, %d offsets after its first record"
            .formatted(behind);
    if (timeout.isPresent()) {
      Duration left = timeout.get().minus(age(now));
      return "%s; if its program does not end it, the broker aborts it %s (transaction.timeout.ms is %s)"
          .formatted(
              waiting,
              left.isNegative() ? "at any moment" : "in " + RoughTime.of(left),
              DurationText.format(timeout.get()));
    }
    String partition = beginnings.firstKey();
    int dash = partition.lastIndexOf('-');
    return "%s; if its program has ended and no broker aborts it, run kafka-transactions.sh abort --topic %s --partition %s --start-offset %d"
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

  /** Writes the transaction as a JSON object. */
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
