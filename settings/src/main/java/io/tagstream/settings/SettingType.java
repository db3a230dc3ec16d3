package io.tagstream.settings;

import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * How the values of one type are parsed and compared.
 *
 * @param name the type's name on the reference page
 * @param parse throws IllegalArgumentException with a message that states the expected form
 * @param order for the range check; {@code auto} is in every range, and the code that resolves it
 *     must choose a valid number
 */
record SettingType<T>(String name, Function<String, T> parse, Comparator<T> order) {
  private static final String AUTO = "auto";

  static SettingType<?> of(Class<?> type) {
    if (type == int.class) {
      return new SettingType<Integer>(
          "whole number", SettingType::parseInt, Comparator.naturalOrder());
    }
    if (type == OptionalInt.class) {
      return new SettingType<OptionalInt>(
          "whole number or auto",
          text -> text.equals(AUTO) ? OptionalInt.empty() : OptionalInt.of(parseInt(text)),
          (left, right) ->
              left.isEmpty() || right.isEmpty()
                  ? 0
                  : Integer.compare(left.getAsInt(), right.getAsInt()));
    }
    if (type == long.class) {
      return new SettingType<Long>(
          "whole number",
          text -> number(text, Long::valueOf, "a whole number"),
          Comparator.naturalOrder());
    }
    if (type == double.class) {
      return new SettingType<Double>(
          "number",
          text -> number(text, SettingType::finite, "a number"),
          Comparator.naturalOrder());
    }
    if (type == boolean.class) {
      return new SettingType<Boolean>(
          "true or false", SettingType::parseBoolean, Comparator.naturalOrder());
    }
    if (type == String.class) {
      return new SettingType<String>("text", text -> text, Comparator.naturalOrder());
    }
    if (type == Duration.class) {
      return new SettingType<Duration>("duration", DurationText::parse, Comparator.naturalOrder());
    }
    if (type == DataSize.class) {
      return new SettingType<DataSize>("size", DataSize::parse, Comparator.naturalOrder());
    }
    if (type.isEnum()) {
      return ofEnum(type);
    }
    throw new IllegalStateException("no setting can have the type " + type.getName());
  }

  /**
   * Parses a value and checks it against the setting's range.
   *
   * @throws IllegalArgumentException with a message that states what the value must be
   */
  T read(String text, Setting setting) {
    T value = parse.apply(text);
    boolean tooSmall =
        !setting.min().isEmpty() && order.compare(value, parse.apply(setting.min())) < 0;
    boolean tooLarge =
        !setting.max().isEmpty() && order.compare(value, parse.apply(setting.max())) > 0;
    if (tooSmall || tooLarge) {
      throw new IllegalArgumentException("must be " + range(setting));
    }
    return value;
  }

  /** The range in words, empty where there is none. */
  static String range(Setting setting) {
    if (setting.min().isEmpty() && setting.max().isEmpty()) {
      return "";
    }
    if (setting.max().isEmpty()) {
      return "at least " + setting.min();
    }
    if (setting.min().isEmpty()) {
      return "at most " + setting.max();
    }
    return "from %s to %s".formatted(setting.min(), setting.max());
  }

  private static SettingType<Object> ofEnum(Class<?> type) {
    Object[] constants = type.getEnumConstants();
    String names =
        Arrays.stream(constants).map(SettingType::enumName).collect(Collectors.joining(", "));
    return new SettingType<>(
        "one of " + names,
        text ->
            Arrays.stream(constants)
                .filter(constant -> enumName(constant).equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("must be one of " + names)),
        Comparator.comparing(SettingType::enumName));
  }

  private static Integer parseInt(String text) {
    return number(text, Integer::valueOf, "a whole number");
  }

  private static Double finite(String text) {
    double value = Double.parseDouble(text);
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      throw new NumberFormatException(text);
    }
    return value;
  }

  private static <N> N number(String text, Function<String, N> parse, String form) {
    try {
      return parse.apply(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("must be " + form, e);
    }
  }

  private static Boolean parseBoolean(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("must be true or false");
    };
  }

  private static String enumName(Object constant) {
    return ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
