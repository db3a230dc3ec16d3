package io.tagstream.job.retrain;

import io.tagstream.model.training.Binomial;
import io.tagstream.settings.RetrainSettings;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The share of the latest labels that the live version predicted correctly, and whether it has
 * fallen.
 *
 * <p>Each version has its own window, because for some seconds after a promotion the subtasks
 * predict with both versions. The expected accuracy of a version is its accuracy on the held-out
 * images when it was last measured, because those are drawn from the same labels. An imported
 * version was never measured; its first window gives the expected accuracy, and it is monitored
 * after that window.
 *
 * <p>After a fall has started a run, another fall counts only after as many further labels as a
 * window holds. Only labels appended to Kafka after the newest one that showed the fall count as
 * further labels, so labels that are read again after a crash do not re-arm the alarm.
 */
public final class LiveAccuracy {
  /** The versions that predict during a swap, and the ones that were live shortly before. */
  private static final int MAX_VERSIONS = 4;

  private final RetrainSettings settings;

  /** By version, least recently used first. */
  private final Map<String, Window> windows = new LinkedHashMap<>();

  private Instant newestLabel = Instant.EPOCH;
  private Instant disarmedAt = Instant.EPOCH;
  private long further;

  LiveAccuracy(RetrainSettings settings) {
    this.settings = settings;
    this.further = settings.accuracyWindow();
  }

  /**
   * A live accuracy that is lower than chance explains.
   *
   * @param expected 0 to 1
   * @param probability the probability of at most {@code right} correct predictions if the expected
   *     accuracy still held
   */
  record Fall(String version, double expected, int right, int labels, double probability) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "live top-1 of %s fell from %.1f %% to %.1f %% on %d labels",
          version,
          100 * expected,
          100.0 * right / labels,
          labels);
    }
  }

  /**
   * How many of a version's predictions were correct.
   *
   * @param labels the number of labels so far
   * @param right those of them that were right
   * @param recentLabels the number of labels in the window
   * @param recentRight those of them that were right
   */
  record Score(String version, long labels, long right, int recentLabels, int recentRight) {}

  /**
   * A window as stored in a checkpoint.
   *
   * @param recent the window, oldest first: {@code +} correct, {@code -} wrong
   * @param firstLabels the number of labels in the first window so far
   * @param firstRight correct predictions among them
   */
  public record SavedWindow(
      String version, long labels, long right, int firstLabels, int firstRight, String recent) {}

  /**
   * The state of the alarm as stored in a checkpoint.
   *
   * @param further labels since the alarm was disarmed
   */
  public record SavedArming(Instant newestLabel, Instant disarmedAt, long further) {}

  private static final class Window {
    private long labels;
    private long right;
    private int firstLabels;
    private int firstRight;
    private int recentRight;
    private final Deque<Boolean> recent = new ArrayDeque<>();

    void add(boolean wasRight, int size) {
      labels++;
      right += wasRight ? 1 : 0;
      if (firstLabels < size) {
        firstLabels++;
        firstRight += wasRight ? 1 : 0;
      }
      recent.addLast(wasRight);
      recentRight += wasRight ? 1 : 0;
      if (recent.size() > size) {
        recentRight -= recent.removeFirst() ? 1 : 0;
      }
    }

    /** Correct predictions among the newest ones. */
    int right(int newest) {
      return (int)
          recent.stream().skip(recent.size() - (long) newest).filter(Boolean::booleanValue).count();
    }
  }

  /**
   * Counts a prediction of a labelled image that was not selected because of its prediction.
   *
   * @param labelledAt when the label was appended to Kafka
   */
  void count(String version, boolean right, Instant labelledAt) {
    Window window = Optional.ofNullable(windows.remove(version)).orElseGet(Window::new);
    window.add(right, settings.accuracyWindow());
    windows.put(version, window);
    if (windows.size() > MAX_VERSIONS) {
      windows.remove(windows.keySet().iterator().next());
    }
    if (labelledAt.isAfter(disarmedAt)) {
      further++;
    }
    if (labelledAt.isAfter(newestLabel)) {
      newestLabel = labelledAt;
    }
  }

  /**
   * Limits the recorded times to {@code now}: a time from a clock that was temporarily ahead must
   * not delay the next alarm until then.
   */
  void notAfter(Instant now) {
    newestLabel = newestLabel.isAfter(now) ? now : newestLabel;
    disarmedAt = disarmedAt.isAfter(now) ? now : disarmedAt;
  }

  /**
   * Whether the live version is less accurate than expected and no recent run was started for this
   * reason.
   *
   * @param heldOut its accuracy on the held-out images when it was last measured, 0 to 1
   */
  Optional<Fall> fall(String live, Optional<Double> heldOut) {
    Window window = windows.get(live);
    if (window == null || further < settings.accuracyWindow()) {
      return Optional.empty();
    }
    // Without a measured accuracy, later labels are compared with the first window.
    long comparable = heldOut.isPresent() ? window.labels : window.labels - window.firstLabels;
    int judged = (int) Math.min(window.recent.size(), comparable);
    if (judged < settings.accuracyMinLabels()) {
      return Optional.empty();
    }
    double expected = heldOut.orElse((double) window.firstRight / window.firstLabels);
    int right = window.right(judged);
    double probability = new Binomial(judged, expected).atMost(right);
    boolean fallen =
        // In images, with a tolerance for rounding errors.
        right <= judged * (expected - settings.accuracyFall()) + 1e-9
            && probability < settings.accuracySignificance();
    return fallen
        ? Optional.of(new Fall(live, expected, right, judged, probability))
        : Optional.empty();
  }

  /** When the newest counted label was appended; {@link Instant#EPOCH} before the first. */
  Instant newestLabel() {
    return newestLabel;
  }

  /**
   * Disarms the alarm after a fall, seen on labels up to a time, started a run. The same or an
   * earlier time changes nothing.
   */
  void disarm(Instant labelsUpTo) {
    if (labelsUpTo.isAfter(disarmedAt)) {
      disarmedAt = labelsUpTo;
      further = 0;
    }
  }

  /** A version's score so far; empty before its first label. */
  Optional<Score> score(String version) {
    return Optional.ofNullable(windows.get(version)).map(window -> score(version, window));
  }

  /** The scores of the versions that predicted last. */
  List<Score> scores() {
    List<Score> scores = new ArrayList<>();
    windows.forEach((version, window) -> scores.add(score(version, window)));
    return scores;
  }

  private static Score score(String version, Window window) {
    return new Score(
        version, window.labels, window.right, window.recent.size(), window.recentRight);
  }

  List<SavedWindow> savedWindows() {
    List<SavedWindow> saved = new ArrayList<>();
    windows.forEach(
        (version, window) -> {
          StringBuilder recent = new StringBuilder();
          window.recent.forEach(right -> recent.append(right ? '+' : '-'));
          saved.add(
              new SavedWindow(
                  version,
                  window.labels,
                  window.right,
                  window.firstLabels,
                  window.firstRight,
                  recent.toString()));
        });
    return saved;
  }

  SavedArming savedArming() {
    return new SavedArming(newestLabel, disarmedAt, further);
  }

  /** Restores the state of a checkpoint; a window longer than the present setting is truncated. */
  void restore(Collection<SavedWindow> savedWindows, Optional<SavedArming> arming) {
    for (SavedWindow saved : savedWindows) {
      Window window = new Window();
      String recent = saved.recent();
      for (char answer :
          recent
              .substring(Math.max(0, recent.length() - settings.accuracyWindow()))
              .toCharArray()) {
        window.add(answer == '+', settings.accuracyWindow());
      }
      window.labels = saved.labels();
      window.right = saved.right();
      window.firstLabels = saved.firstLabels();
      window.firstRight = saved.firstRight();
      windows.put(saved.version(), window);
    }
    arming.ifPresent(
        saved -> {
          newestLabel = saved.newestLabel();
          disarmedAt = saved.disarmedAt();
          further = saved.further();
        });
  }
}
