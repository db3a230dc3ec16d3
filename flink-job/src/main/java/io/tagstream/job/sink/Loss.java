package io.tagstream.job.sink;

import io.tagstream.schemas.Topics;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * Describes what is lost with transactions that can no longer be committed, and how to recover it.
 *
 * @param topic the topic they wrote to
 */
record Loss(Topics topics, String topic) implements Serializable {

  /**
   * A lost transaction.
   *
   * @param why the client's error, or what the read of the topic found
   */
  record Lost(TracedTransaction transaction, String why) {}

  /** The loss, in one line. */
  String what(List<Lost> lost) {
    int records = lost.stream().mapToInt(one -> one.transaction().records()).sum();
    SourceRanges sources = sources(lost);
    return "%d records for %s are lost, because their transaction was not committed (%s)%s"
        .formatted(
            records,
            topic,
            lost.stream().map(Lost::why).distinct().collect(Collectors.joining("; ")),
            sources.ranges().isEmpty() ? "" : ": they answer " + sources);
  }

  /** How to recover it, in one line; empty if there is no way. */
  String remedy(List<Lost> lost) {
    SourceRanges sources = sources(lost);
    List<String> ways = new ArrayList<>();
    retag(sources, topics.images(), "").ifPresent(ways::add);
    retag(sources, topics.labeledImages(), " --labeled").ifPresent(ways::add);
    of(sources, topics.labels()).stream()
        .map(range -> "send the labels at %s again".formatted(range))
        .forEach(ways::add);
    return String.join("; ", ways);
  }

  private static SourceRanges sources(List<Lost> lost) {
    return lost.stream()
        .map(one -> one.transaction().sources())
        .reduce(SourceRanges.NONE, SourceRanges::and);
  }

  private static List<SourceRanges.Range> of(SourceRanges sources, String topic) {
    return sources.ranges().stream().filter(range -> range.topic().equals(topic)).toList();
  }

  /** The command that writes the missing answers for one topic of images. */
  private Optional<String> retag(SourceRanges sources, String images, String option) {
    List<SourceRanges.Range> ranges = of(sources, images);
    if (ranges.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        "tagstream retag --missing%s%s --from-offsets %s --to-offsets %s --to %s"
            .formatted(
                option,
                topics.prefix().isEmpty() ? "" : " --topic-prefix " + topics.prefix(),
                offsets(ranges, SourceRanges.Range::first),
                offsets(ranges, range -> range.last() + 1),
                topics.predictions()));
  }

  private static String offsets(
      List<SourceRanges.Range> ranges, ToLongFunction<SourceRanges.Range> offset) {
    return ranges.stream()
        .map(range -> range.partition() + ":" + offset.applyAsLong(range))
        .collect(Collectors.joining(","));
  }
}
