package io.tagstream.schemas;

import java.io.Serializable;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Names of the six topics.
 *
 * @param prefix of each name; at most 200 letters, digits, dots, dashes and underscores
 */
public record Topics(String prefix) implements Serializable {
  private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9._-]{0,200}");

  private static final String LOCK = "-lock";

  /** The default name of a job. */
  public static final String DEFAULT_JOB = "tagstream";

  public Topics {
    if (!ALLOWED.matcher(prefix).matches()) {
      throw new IllegalArgumentException(
          "a topic prefix has at most 200 letters, digits, dots, dashes and underscores: '%s'"
              .formatted(prefix));
    }
  }

  /** {@link Image} records. */
  public String images() {
    return prefix + "images";
  }

  /** {@link Image} records with a label. */
  public String labeledImages() {
    return prefix + "labeled-images";
  }

  /** {@link Label} records. */
  public String labels() {
    return prefix + "labels";
  }

  /** {@link Prediction} records. */
  public String predictions() {
    return prefix + "predictions";
  }

  /** {@link Rejection} records. */
  public String rejectedImages() {
    return prefix + "rejected-images";
  }

  /** {@link ModelUpdate} records, in one partition, kept forever. */
  public String modelUpdates() {
    return prefix + "model-updates";
  }

  /** All six names. */
  public List<String> all() {
    return List.of(
        images(), labeledImages(), labels(), predictions(), rejectedImages(), modelUpdates());
  }

  /** The consumer group in which the job of this name commits its offsets. */
  public static String consumerGroup(String jobName) {
    return "tagstream-" + jobName;
  }

  /**
   * The consumer group that locks a job's name: its first member is the job that holds the name.
   */
  public static String lockGroup(String jobName) {
    return consumerGroup(jobName) + LOCK;
  }

  /** Whether a job of this name would use another job's lock group as its consumer group. */
  public static boolean isLockOfAnother(String jobName) {
    return jobName.endsWith(LOCK);
  }
}
