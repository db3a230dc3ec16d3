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
 * The group's leader decides by the claims of all members which of them has the name, and each
 * member is told: a group has one leader per generation, so they all hear the same. That one gets a
 * partition, which shows who it is and which it does not read. Kafka's client makes it.
 */
public final class FirstHolds implements ConsumerPartitionAssignor, Configurable {
  /** The consumer's property that hands over its {@link Member}. */
  static final String MEMBER = "tagstream.name-lock.member";

  /** Whose claim it is. */
  interface Member {

    Claim claim();

    /** The group has decided, on the thread that polls. */
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
