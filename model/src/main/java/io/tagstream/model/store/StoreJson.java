package io.tagstream.model.store;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.stream.Collectors;

/**
 * The JSON form of the store's records: one field per line; absent values are omitted; unknown
 * fields are ignored when reading.
 */
public final class StoreJson {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModules(new Jdk8Module(), new JavaTimeModule())
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_EMPTY, JsonInclude.Include.ALWAYS))
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  /** The same line ends on every system, because bundles are copied between systems. */
  private static final DefaultPrettyPrinter LINES =
      new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"));

  private StoreJson() {}

  /** Serialises a record, with a final line end. */
  public static byte[] write(Object value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      bytes.writeBytes(JSON.writer(LINES).writeValueAsBytes(value));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record without a JSON form", e);
    }
    bytes.write('\n');
    return bytes.toByteArray();
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws JsonProcessingException if it is not JSON, or a field is missing or out of range
   */
  public static <T> T read(byte[] json, Class<T> type) throws IOException {
    return JSON.readValue(json, type);
  }

  /** The field and its fault, in one line. */
  public static String cause(JsonProcessingException e) {
    // Use the message of the record's constructor; Jackson would prefix it with the class.
    String message =
        e instanceof ValueInstantiationException && e.getCause() != null
            ? String.valueOf(e.getCause().getMessage())
            : e.getOriginalMessage();
    String problem = message.lines().findFirst().orElse("not JSON");
    if (!(e instanceof JsonMappingException mapping) || mapping.getPath().isEmpty()) {
      return problem;
    }
    String field =
        mapping.getPath().stream()
            .map(
                step ->
                    step.getFieldName() == null
                        ? "[%d]".formatted(step.getIndex())
                        : "." + step.getFieldName())
            .collect(Collectors.joining())
            .substring(1);
    return field + ": " + problem;
  }
}
