package io.tagstream.schemas;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The output of {@code --json}: one object a line, times in ISO-8601 and UTC, bytes in base64,
 * hashes in hexadecimal. A field without a value is null if the first release had it; fields of
 * later releases are then left out.
 */
public final class JsonLines {
  private static final JsonFactory JSON = new JsonFactory();

  private JsonLines() {}

  /** A prediction as one line, without its terminator. */
  public static String prediction(Prediction prediction) {
    return object(
        json -> {
          answer(
              json,
              prediction.getImageId(),
              prediction.getModelVersion(),
              prediction.getTags(),
              prediction.getViews());
          source(json, prediction.getSource());
          time(json, "capturedAt", prediction.getCapturedAt());
          time(json, "appendedAt", Optional.of(prediction.getAppendedAt()));
          time(json, "decodedAt", Optional.of(prediction.getDecodedAt()));
          time(json, "predictedAt", Optional.of(prediction.getPredictedAt()));
          text(json, "label", prediction.getLabel());
          text(json, "supersedes", prediction.getSupersedes());
          if (prediction.getUnknown().isPresent()) {
            json.writeBooleanField("unknown", prediction.getUnknown().get());
          }
          if (prediction.getUnknownScore().isPresent()) {
            json.writeNumberField("unknownScore", prediction.getUnknownScore().get());
          }
          if (prediction.getPrecision().isPresent()) {
            json.writeStringField("precision", prediction.getPrecision().get());
          }
        });
  }

  /** A rejection as one line, without its terminator. */
  public static String rejection(Rejection rejection) {
    return object(
        json -> {
          text(json, "imageId", rejection.getImageId());
          json.writeStringField("stage", rejection.getStage());
          json.writeStringField("reason", rejection.getReason());
          source(json, rejection.getSource());
          content(json, rejection);
          time(json, "rejectedAt", Optional.of(rejection.getRejectedAt()));
        });
  }

  /** The prediction for an image that came from no topic: it has no source. */
  public static String classification(
      String imageId, String modelVersion, List<Tag> tags, int views, Instant predictedAt) {
    return object(
        json -> {
          answer(json, imageId, modelVersion, tags, views);
          time(json, "capturedAt", Optional.empty());
          time(json, "appendedAt", Optional.empty());
          time(json, "predictedAt", Optional.of(predictedAt));
        });
  }

  /** An image that came from no topic and could not be tagged. */
  public static String failure(String imageId, RejectionStage stage, String reason) {
    return object(
        json -> {
          json.writeStringField("imageId", imageId);
          json.writeStringField("stage", stage.word());
          json.writeStringField("reason", reason);
        });
  }

  private interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  private static String object(Fields fields) {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(line)) {
      json.writeStartObject();
      fields.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return line.toString();
  }

  private static void answer(
      JsonGenerator json, String imageId, String modelVersion, List<Tag> tags, int views)
      throws IOException {
    json.writeStringField("imageId", imageId);
    json.writeStringField("modelVersion", modelVersion);
    json.writeArrayFieldStart("tags");
    for (Tag tag : tags) {
      json.writeStartObject();
      json.writeStringField("label", tag.getLabel());
      json.writeNumberField("classIndex", tag.getClassIndex());
      json.writeNumberField("probability", tag.getProbability());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeNumberField("views", views);
  }

  private static void source(JsonGenerator json, Source source) throws IOException {
    json.writeObjectFieldStart("source");
    json.writeStringField("topic", source.getTopic());
    json.writeNumberField("partition", source.getPartition());
    json.writeNumberField("offset", source.getOffset());
    json.writeEndObject();
  }

  private static void content(JsonGenerator json, Rejection rejection) throws IOException {
    if (rejection.getContentBytes().isEmpty()) {
      json.writeBinaryField("content", bytes(rejection.getContent()));
      return;
    }
    json.writeNullField("content");
    json.writeNumberField("contentBytes", rejection.getContentBytes().get());
    text(
        json,
        "contentSha256",
        rejection.getContentSha256().map(hash -> HexFormat.of().formatHex(bytes(hash))));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  private static void text(JsonGenerator json, String name, Optional<String> value)
      throws IOException {
    json.writeFieldName(name);
    if (value.isPresent()) {
      json.writeString(value.get());
    } else {
      json.writeNull();
    }
  }

  private static void time(JsonGenerator json, String name, Optional<Instant> value)
      throws IOException {
    text(json, name, value.map(Instant::toString));
  }
}
