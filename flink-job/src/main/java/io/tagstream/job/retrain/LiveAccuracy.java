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
 * How often the live version names the class that a label says, over its last labels, and whether
 * that has fallen.
 *
 * <p>Each version has a window of its own, since for some seconds after a promotion subtasks answer
 * with both. A version is expected to do as well as it did on the held-out images when it was last
 * measured: they are drawn from the same labels. One that never was measured, being imported, is
 * expected to do as well as on its first window, and is watched after it.
 *
 * <p>After a fall has started a run, another fall counts only when a window's worth of further
 * labels has come. Further are those appended to Kafka after the last one that the fall was seen
 * on: so labels that are read again after a crash do not arm it anew.
 */
public final class LiveAccuracy {
  /** Those that answer during a swap, and what was live a moment before. */
  private static final int VERSIONS = 4;

  private final RetrainSettings settings;

  /** The one that answered longest ago first. */
  private final Map<String, Window> windows = new LinkedHashMap<>();

  private Instant newestLabel = Instant.EPOCH;
  private Instant disarmedAt = Instant.EPOCH;
  private long further;

  LiveAccuracy(RetrainSettings settings) {
    this.settings = settings;
    this.further = settings.accuracyWindow();
  }

  /**
   * Live accuracy that is lower than chance explains.
   *
   * @param expected 0 to 1
   * @param probability of so few right answers, were the expected accuracy still true
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
   * A version's answers.
   *
   * @param labels all so far
   * @param right those of them that were right
   * @param recentLabels in the window
   * @param recentRight those of them that were right
   */
  record Score(String version, long labels, long right, int recentLabels, int recentRight) {}

  /**
   * As it stands in a checkpoint.
   *
   * @param recent the window, oldest first: {@code +} right, {@code -} wrong
   * @param firstLabels those of the first window, until it is full
   * @param firstRight right ones of them
   */
  public record SavedWindow(
      String version, long labels, long right, int firstLabels, int firstRight, String recent) {}

  /**
   * The rest of it.
   *
   * @param further labels since it was disarmed
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

    /** Right ones of the newest so many. */
    int right(int newest) {
      return (int)
          recent.stream().skip(recent.size() - (long) newest).filter(Boolean::booleanValue).count();
    }
  }

  /**
   * Counts an answer to a label that was not chosen for what the model said.
   *
   * @param labelledAt when the label was appended to Kafka
   */
  void count(String version, boolean right, Instant labelledAt) {
    Window window = Optional.ofNullable(windows.remove(version)).orElseGet(Window::new);
    window.add(right, settings.accuracyWindow());
    windows.put(version, window);
    if (windows.size() > VERSIONS) {
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
   * Bounds what is known of labels by the present: what a clock that was ahead for a moment said
   * must not hold back the next alarm until that time has come.
   */
  void notAfter(Instant now) {
    newestLabel = newestLabel.isAfter(now) ? now : newestLabel;
    disarmedAt = disarmedAt.isAfter(now) ? now : disarmedAt;
  }

  /**
   * Whether the live version does worse than expected, and no run was started for it lately.
   *
   * @param heldOut its accuracy on the held-out images when it was last measured
   */
  Optional<Fall> fall(String live, Optional<Double> heldOut) {
    Window window = windows.get(live);
    if (window == null || further < settings.accuracyWindow()) {
      return Optional.empty();
    }
    // Without a measured score the first window is what the others are compared with.
    long comparable = heldOut.isPresent() ? window.labels : window.labels - window.firstLabels;
    int judged = (int) Math.min(window.recent.size(), comparable);
    if (judged < settings.accuracyMinLabels()) {
      return Optional.empty();
    }
    double expected = heldOut.orElse((double) window.firstRight / window.firstLabels);
    int right = window.right(judged);
    double probability = new Binomial(judged, expected).atMost(right);
    boolean fallen =
        // In images, and with room for what doubles lose.
        right <= judged * (expected - settings.accuracyFall()) + 1e-9
            && probability < settings.accuracySignificance();
    return fallen
        ? Optional.of(new Fall(live, expected, right, judged, probability))
        : Optional.empty();
  }

  /** The newest label counted; {@link Instant#EPOCH} before any. */
  Instant newestLabel() {
    return newestLabel;
  }

  /**
   * A fall started a run, seen on labels up to a time. An earlier or the same one changes nothing.
   */
  void disarm(Instant labelsUpTo) {
    if (labelsUpTo.isAfter(disarmedAt)) {
      disarmedAt = labelsUpTo;
      further = 0;
    }
  }

  /** A version's answers so far; empty before the first. */
  Optional<Score> score(String version) {
    return Optional.ofNullable(windows.get(version)).map(window -> score(version, window));
  }

  /** Of the versions that answered last. */
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

  /** Goes on from a checkpoint; a window that was longer than the setting now is is cut. */
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
