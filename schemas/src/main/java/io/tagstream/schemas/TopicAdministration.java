package io.tagstream.schemas;

import io.tagstream.settings.TopicSettings;
import io.tagstream.settings.UserException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.TopicExistsException;

/** Creates the topics with their limits, and compares existing topics with the same limits. */
public final class TopicAdministration {
  private static final int MEBIBYTE = 1 << 20;

  /** An image of 20 MiB and the record around it. */
  static final int IMAGE_RECORD_BYTES = 21 * MEBIBYTE;

  /** The largest image record and the fields that a rejection adds. */
  static final int REJECTION_RECORD_BYTES = 22 * MEBIBYTE;

  /** The broker deletes only whole segments; this is their default size. */
  private static final long DEFAULT_SEGMENT_BYTES = 1L << 30;

  /** With four segments in the retention size, the broker exceeds it by a quarter at most. */
  private static final int SEGMENTS_KEPT = 4;

  private static final String UNLIMITED = "-1";

  private final Admin admin;

  /**
   * @param admin is closed by the caller
   */
  public TopicAdministration(Admin admin) {
    this.admin = admin;
  }

  /** The result for one topic. */
  public sealed interface Outcome {
    String topic();
  }

  public record Created(String topic) implements Outcome {}

  public record Exists(String topic) implements Outcome {}

  /** It exists with other limits and was not changed. */
  public record Differs(String topic, List<Difference> differences) implements Outcome {
    public Differs {
      differences = List.copyOf(differences);
    }
  }

  /**
   * One property of a topic that is not as planned.
   *
   * @param name a topic configuration's name, or {@code partitions} or {@code replication}
   */
  public record Difference(String name, String found, String wanted) {}

  /**
   * The planned properties of a topic.
   *
   * @param partitions the minimum, or the required number if {@code exactly}
   * @param whereKnown limits in bytes that older brokers do not know; an existing topic may allow
   *     more
   */
  record Plan(
      String topic,
      int partitions,
      boolean exactly,
      Map<String, String> configuration,
      Map<String, Long> whereKnown) {

    NewTopic newTopic(Optional<Short> replication, boolean all) {
      Map<String, String> configs = new LinkedHashMap<>(configuration);
      if (all) {
        whereKnown.forEach((name, bytes) -> configs.put(name, Long.toString(bytes)));
      }
      return new NewTopic(topic, Optional.of(partitions), replication).configs(configs);
    }
  }

  /**
   * Creates the missing topics. An existing topic is never changed; it may have more partitions
   * than planned, because Kafka cannot remove partitions. Returns results in the order of {@link
   * Topics#all()}.
   *
   * @throws UserException when the broker refuses
   */
  public List<Outcome> ensure(Topics topics, TopicSettings settings) {
    List<Plan> plans = plans(topics, settings);
    Set<String> existing = await("list topics", admin.listTopics().names());
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    List<Plan> toCheck = new ArrayList<>();
    for (Plan plan : plans) {
      if (!existing.contains(plan.topic()) && create(plan, settings)) {
        outcomes.put(plan.topic(), new Created(plan.topic()));
      } else {
        toCheck.add(plan);
      }
    }
    check(toCheck, settings).forEach(outcome -> outcomes.put(outcome.topic(), outcome));
    return plans.stream().map(plan -> outcomes.get(plan.topic())).toList();
  }

  /**
   * Creates another topic for predictions. An existing topic of that name is not changed.
   *
   * @throws UserException when the broker refuses
   */
  public void ensureForPredictions(String topic, TopicSettings settings) {
    if (!await("list topics", admin.listTopics().names()).contains(topic)) {
      create(
          new Plan(topic, settings.partitions(), false, retention(settings), Map.of()), settings);
    }
  }

  /** Returns false when another client created the topic first. */
  boolean create(Plan plan, TopicSettings settings) {
    Optional<Short> replication =
        settings.replication().isPresent()
            ? Optional.of((short) settings.replication().getAsInt())
            : Optional.empty();
    try {
      try {
        admin.createTopics(List.of(plan.newTopic(replication, true))).all().get();
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof InvalidConfigurationException)
            || plan.whereKnown().isEmpty()) {
          throw e;
        }
        // An older broker refuses the whole topic because of a limit that it does not know.
        admin.createTopics(List.of(plan.newTopic(replication, false))).all().get();
      }
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TopicExistsException) {
        return false;
      }
      throw refused("create topic " + plan.topic(), e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private List<Outcome> check(List<Plan> plans, TopicSettings settings) {
    Map<String, TopicDescription> descriptions =
        await(
            "describe topics",
            admin.describeTopics(plans.stream().map(Plan::topic).toList()).allTopicNames());
    Map<ConfigResource, Config> configurations =
        await(
            "read the configuration of topics",
            admin
                .describeConfigs(
                    plans.stream().map(plan -> resource(plan.topic())).collect(Collectors.toList()))
                .all());
    List<Outcome> outcomes = new ArrayList<>();
    for (Plan plan : plans) {
      List<Difference> differences =
          differences(
              plan,
              settings,
              descriptions.get(plan.topic()),
              configurations.get(resource(plan.topic())));
      outcomes.add(
          differences.isEmpty()
              ? new Exists(plan.topic())
              : new Differs(plan.topic(), differences));
    }
    return outcomes;
  }

  private static List<Difference> differences(
      Plan plan, TopicSettings settings, TopicDescription description, Config configuration) {
    List<Difference> differences = new ArrayList<>();
    int partitions = description.partitions().size();
    if (plan.exactly() ? partitions != plan.partitions() : partitions < plan.partitions()) {
      differences.add(
          new Difference(
              "partitions", Integer.toString(partitions), Integer.toString(plan.partitions())));
    }
    int replication = description.partitions().get(0).replicas().size();
    if (replication != settings.replication().orElse(replication)) {
      differences.add(
          new Difference(
              "replication",
              Integer.toString(replication),
              Integer.toString(settings.replication().getAsInt())));
    }
    plan.configuration()
        .forEach(
            (name, wanted) -> {
              String found =
                  Optional.ofNullable(configuration.get(name))
                      .map(ConfigEntry::value)
                      .orElse("unset");
              if (!found.equals(wanted)) {
                differences.add(new Difference(name, found, wanted));
              }
            });
    plan.whereKnown()
        .forEach(
            (name, wanted) ->
                Optional.ofNullable(configuration.get(name))
                    .map(ConfigEntry::value)
                    .filter(found -> Long.parseLong(found) < wanted)
                    .ifPresent(
                        found ->
                            differences.add(new Difference(name, found, "at least " + wanted))));
    return differences;
  }

  static List<Plan> plans(Topics topics, TopicSettings settings) {
    Map<String, String> images = new LinkedHashMap<>(retention(settings));
    images.put(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime");
    images.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(IMAGE_RECORD_BYTES));
    Map<String, String> labels = new LinkedHashMap<>(retention(settings));
    labels.put(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime");
    Map<String, String> rejections = new LinkedHashMap<>(retention(settings));
    rejections.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(REJECTION_RECORD_BYTES));
    Map<String, String> updates =
        Map.of(
            TopicConfig.CLEANUP_POLICY_CONFIG,
            TopicConfig.CLEANUP_POLICY_DELETE,
            TopicConfig.RETENTION_MS_CONFIG,
            UNLIMITED,
            TopicConfig.RETENTION_BYTES_CONFIG,
            UNLIMITED);
    // max.message.bytes limits compressed bytes: a few kilobytes could decompress to gigabytes.
    Map<String, Long> unpacked =
        Map.of(TopicConfig.MAX_DECOMPRESSED_MESSAGE_BYTES_CONFIG, (long) IMAGE_RECORD_BYTES);
    int partitions = settings.partitions();
    return List.of(
        new Plan(topics.images(), partitions, false, images, unpacked),
        new Plan(topics.labeledImages(), partitions, false, images, unpacked),
        new Plan(topics.labels(), partitions, false, labels, unpacked),
        new Plan(topics.predictions(), partitions, false, retention(settings), Map.of()),
        new Plan(topics.rejectedImages(), partitions, false, rejections, Map.of()),
        new Plan(topics.modelUpdates(), 1, true, updates, Map.of()));
  }

  private static Map<String, String> retention(TopicSettings settings) {
    Map<String, String> configuration = new LinkedHashMap<>();
    configuration.put(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE);
    configuration.put(
        TopicConfig.RETENTION_MS_CONFIG, Long.toString(settings.retention().toMillis()));
    long bytes = settings.retentionBytes().bytes();
    configuration.put(TopicConfig.RETENTION_BYTES_CONFIG, Long.toString(bytes));
    if (bytes / SEGMENTS_KEPT < DEFAULT_SEGMENT_BYTES) {
      configuration.put(
          TopicConfig.SEGMENT_BYTES_CONFIG,
          Long.toString(Math.max(bytes / SEGMENTS_KEPT, REJECTION_RECORD_BYTES)));
    }
    return configuration;
  }

  private static ConfigResource resource(String topic) {
    return new ConfigResource(ConfigResource.Type.TOPIC, topic);
  }

  private static <T> T await(String what, KafkaFuture<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw refused(what, e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static UserException refused(String what, ExecutionException e) {
    return new UserException(
        "the broker does not %s: %s".formatted(what, e.getCause().getMessage()), e.getCause());
  }

  private static UserException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new UserException("interrupted while talking to the broker", e);
  }
}
