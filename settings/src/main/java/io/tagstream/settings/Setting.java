package io.tagstream.settings;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares one setting; the annotated record component receives its value.
 *
 * <p>The component's type is int, long, double, boolean, String, an enum, {@link
 * java.util.OptionalInt} (written {@code auto} when empty), {@link java.time.Duration} or {@link
 * DataSize}. {@code min}, {@code max} and the default have the form that a user writes.
 */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
public @interface Setting {
  /** The key: lower case, words joined by dashes, parts by dots. */
  String key();

  String defaultValue();

  /** What the setting does, for the reference page. */
  String meaning();

  /** What a number counts: crops, pixels; empty where the type implies it. */
  String unit() default "";

  /** The smallest value allowed; empty for none. */
  String min() default "";

  /** The largest value allowed; empty for none. */
  String max() default "";
}
