package io.tagstream.model.training;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * The classes that labels name: a label that differs from a class's name only in case names that
 * class, and the first spelling that comes is the class's name. Labels are expected in the form in
 * which equal ones are equal strings (NFC, without blanks around them).
 */
public final class ClassNames {
  private final List<String> labels = new ArrayList<>();
  private final Map<String, Integer> exact = new HashMap<>();
  private final Map<String, Integer> anyCase = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

  /**
   * Begins with classes that there are.
   *
   * @param known in class order; they stay apart even where they differ only in case
   */
  public ClassNames(List<String> known) {
    for (String label : known) {
      exact.putIfAbsent(label, labels.size());
      anyCase.putIfAbsent(label, labels.size());
      labels.add(label);
    }
  }

  /** The index of a label's class, which is a new one if it is none of those there are. */
  public int indexOf(String label) {
    return find(label)
        .orElseGet(
            () -> {
              exact.put(label, labels.size());
              anyCase.put(label, labels.size());
              labels.add(label);
              return labels.size() - 1;
            });
  }

  /** The index of a label's class; empty where it is none of those there are. */
  public OptionalInt find(String label) {
    Integer index = exact.getOrDefault(label, anyCase.get(label));
    return index == null ? OptionalInt.empty() : OptionalInt.of(index);
  }

  /** All classes in class order, the known ones first, then others as they came. */
  public List<String> labels() {
    return List.copyOf(labels);
  }
}
