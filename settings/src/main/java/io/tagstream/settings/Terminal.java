package io.tagstream.settings;

import java.util.Optional;

/** Whether a standard stream is a terminal, and how wide the terminal is. */
public enum Terminal {
  OUTPUT("1"),
  ERROR("2");

  /**
   * The descriptors that are terminals, such as {@code 12} or {@code 2}. The launcher's shell sets
   * it ({@code [ -t 1 ]}), because Java 17 cannot tell once one of the two is redirected. Without
   * the property neither is a terminal.
   */
  private static final String PROPERTY = "tagstream.terminals";

  private static final int DEFAULT_COLUMNS = 80;

  private final String descriptor;

  Terminal(String descriptor) {
    this.descriptor = descriptor;
  }

  /** Whether the stream is a terminal that can move its cursor. */
  public boolean isInteractive() {
    return System.getProperty(PROPERTY, "").contains(descriptor)
        && !"dumb".equals(System.getenv("TERM"));
  }

  /** {@code COLUMNS}, else 80. */
  public static int columns() {
    return Optional.ofNullable(System.getenv("COLUMNS"))
        .filter(text -> text.matches("[1-9]\\d{0,3}"))
        .map(Integer::valueOf)
        .orElse(DEFAULT_COLUMNS);
  }
}
