package io.tagstream.settings;

import java.io.IOException;
import java.io.StringReader;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * All settings of a process, read and checked once.
 *
 * <p>Sources, each overriding the one before: the default in the record, the properties file, the
 * environment ({@code TAGSTREAM_BATCH_SIZE} for {@code batch.size}), {@code --set}. Other keys that
 * begin with {@code kafka.} or {@code flink.} are passed on to Kafka or Flink, without the prefix
 * and unchecked.
 */
public final class Settings {
  static final String ENVIRONMENT_PREFIX = "TAGSTREAM_";

  private static final long LONGEST_FILE = 1 << 20;

  private static final String KAFKA = "kafka.";
  private static final String FLINK = "flink.";

  /** Variables of the launcher, which are not settings. */
  private static final Set<String> LAUNCHER_VARIABLES =
      Set.of("TAGSTREAM_JAVA_OPTS", "TAGSTREAM_MAVEN_ARGS");

  /** Kubernetes sets these in every pod of a namespace that has a service named tagstream-…. */
  private static final Pattern SERVICE_VARIABLES =
      Pattern.compile("TAGSTREAM_(\\w+_)?(SERVICE_HOST|SERVICE_PORT(_\\w+)?|PORT(_\\d+_\\w+)?)");

  private final Map<Class<? extends Record>, Record> records;
  private final Map<String, String> kafka;
  private final Map<String, String> flink;

  private Settings(
      Map<Class<? extends Record>, Record> records,
      Map<String, String> kafka,
      Map<String, String> flink) {
    this.records = Map.copyOf(records);
    this.kafka = Collections.unmodifiableMap(kafka);
    this.flink = Collections.unmodifiableMap(flink);
  }

  /** Every setting at its default. */
  public static Settings defaults() {
    return load(Optional.empty(), Map.of(), Map.of());
  }

  /**
   * Reads all sources and checks every value.
   *
   * @param config a properties file in UTF-8
   * @param sets the values of {@code --set KEY=VALUE}
   * @param environment variables that do not begin with {@code TAGSTREAM_} are ignored
   * @throws UsageException with every problem in one line
   */
  public static Settings load(
      Optional<Path> config, Map<String, String> sets, Map<String, String> environment) {
    Reading reading = new Reading();
    config.ifPresent(reading::file);
    reading.environment(environment);
    sets.forEach((key, value) -> reading.put(key.strip(), value, "--set"));
    return reading.finish();
  }

  /** The settings of one component. */
  public <T extends Record> T get(Class<T> type) {
    Record found = records.get(type);
    if (found == null) {
      throw new IllegalArgumentException(type.getName() + " is not in the catalogue of settings");
    }
    return type.cast(found);
  }

  /** Kafka client properties, without the prefix {@code kafka.}, sorted by key. */
  public Map<String, String> kafka() {
    return kafka;
  }

  /** Flink options, without the prefix {@code flink.}, sorted by key. */
  public Map<String, String> flink() {
    return flink;
  }

  /** The values read so far, and the problems found. */
  private static final class Reading {
    /** A value as written, and where: "--set", a file, a variable. */
    private record Source(String text, String place) {}

    private final Map<String, SettingsCatalogue.Entry> known = new LinkedHashMap<>();
    private final Map<String, Source> given = new HashMap<>();
    private final Map<String, String> kafka = new TreeMap<>();
    private final Map<String, String> flink = new TreeMap<>();
    private final List<String> problems = new ArrayList<>();

    Reading() {
      SettingsCatalogue.entries().forEach(entry -> known.put(entry.key(), entry));
    }

    void file(Path path) {
      Properties properties = new Properties();
      try {
        ByteBuffer content = ByteBuffer.wrap(InputFile.read(path, LONGEST_FILE));
        // This decoder throws on bytes that are not UTF-8, where Properties' reader would replace
        // them.
        properties.load(
            new StringReader(StandardCharsets.UTF_8.newDecoder().decode(content).toString()));
      } catch (NoSuchFileException e) {
        throw new UsageException("no settings file at %s: check --config".formatted(path), e);
      } catch (CharacterCodingException | IllegalArgumentException e) {
        throw new UsageException(
            "%s is not a properties file in UTF-8 (%s): write one KEY=VALUE a line"
                .formatted(path, e.getMessage()),
            e);
      } catch (IOException e) {
        throw new UsageException(
            "cannot read the settings file %s: %s".formatted(path, e.getMessage()), e);
      }
      for (String key : new TreeSet<>(properties.stringPropertyNames())) {
        put(key, properties.getProperty(key).strip(), path.toString());
      }
    }

    void environment(Map<String, String> environment) {
      Map<String, String> keys = new LinkedHashMap<>();
      known.values().forEach(entry -> keys.put(entry.environmentVariable(), entry.key()));
      Map<String, String> retired = new HashMap<>();
      SettingsCatalogue.RETIRED
          .keySet()
          .forEach(key -> retired.put(SettingsCatalogue.environmentVariable(key), key));
      new TreeMap<>(environment)
          .forEach(
              (variable, value) -> {
                if (retired.containsKey(variable)) {
                  put(retired.get(variable), value, "environment " + variable);
                } else if (variable.startsWith(ENVIRONMENT_PREFIX)) {
                  variable(variable, value, keys);
                }
              });
    }

    private void variable(String variable, String value, Map<String, String> keys) {
      String name = variable.substring(ENVIRONMENT_PREFIX.length());
      if (keys.containsKey(variable)) {
        put(keys.get(variable), value, "environment " + variable);
      } else if (name.startsWith("KAFKA_") && !SERVICE_VARIABLES.matcher(variable).matches()) {
        put(name.toLowerCase(Locale.ROOT).replace('_', '.'), value, "environment " + variable);
      } else if (name.startsWith("FLINK_") && !SERVICE_VARIABLES.matcher(variable).matches()) {
        problems.add(
            "%s (environment): Flink's keys have dots and dashes, which a variable cannot tell apart; use --set flink.KEY=VALUE or the settings file"
                .formatted(variable));
      } else if (!LAUNCHER_VARIABLES.contains(variable)
          && !SERVICE_VARIABLES.matcher(variable).matches()) {
        problems.add(
            "unknown variable %s (environment), did you mean %s?"
                .formatted(variable, NearestName.of(variable, keys.keySet()).orElseThrow()));
      }
    }

    void put(String key, String value, String place) {
      if (known.containsKey(key)) {
        given.put(key, new Source(value, place));
      } else if (SettingsCatalogue.RETIRED.containsKey(key)) {
        problems.add(
            "setting %s (%s) was retired: %s"
                .formatted(key, place, SettingsCatalogue.RETIRED.get(key)));
      } else if (isPassedOn(key, KAFKA)) {
        kafka.put(key.substring(KAFKA.length()), value);
      } else if (isPassedOn(key, FLINK)) {
        flink.put(key.substring(FLINK.length()), value);
      } else {
        problems.add(
            "unknown setting %s (%s), did you mean %s?"
                .formatted(key, place, NearestName.of(key, known.keySet()).orElseThrow()));
      }
    }

    private static boolean isPassedOn(String key, String prefix) {
      return key.startsWith(prefix) && key.length() > prefix.length();
    }

    Settings finish() {
      Map<Class<? extends Record>, Record> records = new HashMap<>();
      for (Class<? extends Record> owner : SettingsCatalogue.RECORDS) {
        values(owner)
            .flatMap(values -> construct(owner, values))
            .ifPresent(record -> records.put(owner, record));
      }
      if (!problems.isEmpty()) {
        throw new UsageException(
            (problems.size() == 1 ? "" : problems.size() + " settings are wrong: ")
                + String.join("; ", problems));
      }
      return new Settings(records, kafka, flink);
    }

    private Optional<Object[]> values(Class<? extends Record> owner) {
      List<SettingsCatalogue.Entry> entries = SettingsCatalogue.entries(owner);
      Object[] values = new Object[entries.size()];
      boolean complete = true;
      for (int i = 0; i < values.length; i++) {
        SettingsCatalogue.Entry entry = entries.get(i);
        Source source =
            given.getOrDefault(entry.key(), new Source(entry.setting().defaultValue(), "default"));
        try {
          values[i] = entry.type().read(source.text(), entry.setting());
        } catch (IllegalArgumentException e) {
          problems.add(
              "%s=%s (%s) %s".formatted(entry.key(), source.text(), source.place(), reason(e)));
          complete = false;
        }
      }
      return complete ? Optional.of(values) : Optional.empty();
    }

    /** Messages of types begin "a size is …", those of ranges "must be …". */
    private static String reason(IllegalArgumentException e) {
      String message = e.getMessage();
      return message.startsWith("must ") ? message : "is wrong: " + message;
    }

    private Optional<Record> construct(Class<? extends Record> owner, Object[] values) {
      try {
        Class<?>[] types =
            Arrays.stream(owner.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        Constructor<? extends Record> constructor = owner.getDeclaredConstructor(types);
        return Optional.of(constructor.newInstance(values));
      } catch (InvocationTargetException e) {
        if (e.getCause() instanceof IllegalArgumentException rule) {
          problems.add(rule.getMessage());
          return Optional.empty();
        }
        throw new IllegalStateException(owner.getName(), e);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(owner.getName(), e);
      }
    }
  }
}
