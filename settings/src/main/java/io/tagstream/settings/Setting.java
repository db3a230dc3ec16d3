package io.tagstream.settings;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * One line of a settings file: the record component it stands on gets the value.
 *
 * <p>The component's type is int, long, double, boolean, String, an enum, {@link
 * java.util.OptionalInt} (written {@code auto} when empty), {@link java.time.Duration} or {@link
 * DataSize}. {@code min}, {@code max} and the default are written as a user would write them.
 */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
public @interface Setting {
  /** The key, lower case, words joined by dashes, parts by dots. */
  String key();

  String defaultValue();

  /** What the setting does, one sentence for the reference page. */
  String meaning();

  /** What a bare number counts: crops, pixels; empty where the type says it. */
  String unit() default "";

  /** The smallest value allowed; empty for none. */
  String min() default "";

  /** The largest value allowed; empty for none. */
  String max() default "";
}
