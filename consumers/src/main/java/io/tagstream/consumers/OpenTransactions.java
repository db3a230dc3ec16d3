package io.tagstream.consumers;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeProducersResult.PartitionProducerState;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.common.TopicPartition;

/** Finds the open transactions on topics, those of other programs included. */
final class OpenTransactions {
  private OpenTransactions() {}

  /**
   * The open transaction that began first. Missing topics are ignored.
   *
   * @throws io.tagstream.settings.UserException when this user may not see the transactions
   */
  static Optional<OpenTransaction> oldest(Admin admin, List<String> topics) {
    Set<String> present = new HashSet<>(BrokerResponse.of(admin.listTopics().names()));
    present.retainAll(topics);
    List<TopicPartition> partitions = TopicPartitions.of(admin, present);
    Map<TopicPartition, List<ProducerState>> producers = new HashMap<>();
    BrokerResponse.of(admin.describeProducers(partitions).all())
        .forEach((partition, state) -> producers.put(partition, open(state)));
    producers.values().removeIf(List::isEmpty);
    if (producers.isEmpty()) {
      return Optional.empty();
    }
    return OpenTransaction.oldest(
        producers, transactions(admin, producers.values()), ends(admin, producers.keySet()));
  }

  private static List<ProducerState> open(PartitionProducerState partition) {
    return partition.activeProducers().stream()
        .filter(producer -> producer.currentTransactionStartOffset().isPresent())
        .toList();
  }

  private static Map<String, TransactionDescription> transactions(
      Admin admin, Collection<List<ProducerState>> producers) {
    Set<Long> ids =
        producers.stream()
            .flatMap(List::stream)
            .map(ProducerState::producerId)
            .collect(Collectors.toSet());
    List<String> transactionalIds =
        BrokerResponse.of(
                admin.listTransactions(new ListTransactionsOptions().filterProducerIds(ids)).all())
            .stream()
            .map(TransactionListing::transactionalId)
            .toList();
    return BrokerResponse.of(admin.describeTransactions(transactionalIds).all());
  }

  private static Map<TopicPartition, Long> ends(Admin admin, Set<TopicPartition> partitions) {
    Map<TopicPartition, Long> ends = new HashMap<>();
    BrokerResponse.of(
            admin
                .listOffsets(
                    partitions.stream()
                        .collect(
                            Collectors.toMap(Function.identity(), each -> OffsetSpec.latest())))
                .all())
        .forEach((partition, end) -> ends.put(partition, end.offset()));
    return ends;
  }
}
