package io.tagstream.job.lock;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Configurable;
import org.apache.kafka.common.TopicPartition;

/**
 * Decides which member of the lock's consumer group holds the name: the group's leader compares the
 * claims of all members and sends the result to each. A group has one leader per generation, so all
 * receive the same decision. The holder is assigned a partition, which it does not read; it only
 * shows who holds the name. Kafka's client instantiates this class.
 */
public final class FirstHolds implements ConsumerPartitionAssignor, Configurable {
  /** The consumer property with its {@link Member}. */
  static final String MEMBER = "tagstream.name-lock.member";

  /** The member of the group in this process. */
  interface Member {

    Claim claim();

    /** Called with the winning claim, on the polling thread. */
    void decided(Claim first);
  }

  private Member member;

  @Override
  public void configure(Map<String, ?> properties) {
    member = (Member) properties.get(MEMBER);
  }

  @Override
  public String name() {
    return "tagstream-first-holds";
  }

  @Override
  public ByteBuffer subscriptionUserData(Set<String> topics) {
    return member.claim().encoded();
  }

  @Override
  public GroupAssignment assign(Cluster cluster, GroupSubscription members) {
    Map<String, Claim> claims = new HashMap<>();
    members
        .groupSubscription()
        .forEach((id, subscription) -> claims.put(id, Claim.decoded(subscription.userData())));
    Claim first = claims.values().stream().min(Claim.ORDER).orElseThrow();
    Map<String, Assignment> assignments = new HashMap<>();
    members
        .groupSubscription()
        .forEach(
            (id, subscription) -> {
              List<TopicPartition> shown =
                  claims.get(id).equals(first)
                      ? subscription.topics().stream()
                          .map(topic -> new TopicPartition(topic, 0))
                          .toList()
                      : List.of();
              assignments.put(id, new Assignment(shown, first.encoded()));
            });
    return new GroupAssignment(assignments);
  }

  @Override
  public void onAssignment(Assignment assignment, ConsumerGroupMetadata group) {
    member.decided(Claim.decoded(assignment.userData()));
  }
}
