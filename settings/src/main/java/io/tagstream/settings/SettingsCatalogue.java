package io.tagstream.settings;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The list of all settings records. Every command knows all keys, so that one file is valid for
 * every command.
 */
final class SettingsCatalogue {
  static final List<Class<? extends Record>> RECORDS =
      List.of(
          ImageSettings.class,
          BatchSettings.class,
          CheckpointSettings.class,
          ParallelismSettings.class,
          InferenceSettings.class,
          JobSettings.class,
          KafkaSettings.class,
          LabelSettings.class,
          TopicSettings.class,
          TrainingStoreSettings.class,
          ModelStoreSettings.class,
          RetrainSettings.class,
          TrainingSettings.class);

  /** Keys of earlier releases, each with the reason it was retired and what to do instead. */
  static final Map<String, String> RETIRED =
      Map.of(
          "inference.towers",
          "serving in two towers was no faster than one network, 0.91 to 1.00 times its images a"
              + " second; remove the key: every model is served as one network. Training in towers"
              + " stays, with training.towers");

  private SettingsCatalogue() {}

  /** One setting and the record that owns it. */
  record Entry(Class<? extends Record> owner, Setting setting, SettingType<?> type) {
    String key() {
      return setting.key();
    }

    String environmentVariable() {
      return SettingsCatalogue.environmentVariable(key());
    }
  }

  /** {@code batch.max-wait} is {@code TAGSTREAM_BATCH_MAX_WAIT}. */
  static String environmentVariable(String key) {
    return Settings.ENVIRONMENT_PREFIX
        + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  /** The settings of one record, in the order of its components. */
  static List<Entry> entries(Class<? extends Record> owner) {
    List<Entry> entries = new ArrayList<>();
    for (RecordComponent component : owner.getRecordComponents()) {
      Setting setting = component.getAnnotation(Setting.class);
      if (setting == null) {
        throw new IllegalStateException(
            "%s.%s lacks @Setting".formatted(owner.getSimpleName(), component.getName()));
      }
      entries.add(new Entry(owner, setting, SettingType.of(component.getType())));
    }
    return List.copyOf(entries);
  }

  static List<Entry> entries() {
    return RECORDS.stream().flatMap(owner -> entries(owner).stream()).toList();
  }
}
