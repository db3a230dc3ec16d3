package io.tagstream.model.training;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * Maps labels to classes, ignoring case; the first spelling becomes the class's name. Labels must
 * be normalised so that equal ones are equal strings (NFC, without surrounding blanks).
 */
public final class ClassNames {
  private final List<String> labels = new ArrayList<>();
  private final Map<String, Integer> exact = new HashMap<>();
  private final Map<String, Integer> anyCase = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

  /**
   * @param known existing classes in class order; they stay distinct even if they differ only in
   *     case
   */
  public ClassNames(List<String> known) {
    for (String label : known) {
      exact.putIfAbsent(label, labels.size());
      anyCase.putIfAbsent(label, labels.size());
      labels.add(label);
    }
  }

  /** The index of a label's class; an unknown label becomes a new class. */
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

  /** The index of a label's class; empty for an unknown label. */
  public OptionalInt find(String label) {
    Integer index = exact.getOrDefault(label, anyCase.get(label));
    return index == null ? OptionalInt.empty() : OptionalInt.of(index);
  }

  /** All classes in class order: the known ones first, then new ones in order of appearance. */
  public List<String> labels() {
    return List.copyOf(labels);
  }
}
