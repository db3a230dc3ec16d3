package io.tagstream.cli.models;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tagstream.model.engine.Optimizer;
import io.tagstream.model.engine.TrainingMemory;
import io.tagstream.model.engine.nd4j.DirectTrainingStep;
import io.tagstream.model.network.DeviceShare;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.training.Recipe;
import io.tagstream.settings.DataSize;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Formats the memory that training a network with the paper's optimizer needs, on one device and in
 * two towers.
 */
record MemoryView(NetworkDescription network, DataSize given) {
  private static final List<Integer> BATCHES = List.of(1, 32, 128);
  private static final Optimizer OPTIMIZER = Recipe.PAPER.optimizer();
  private static final double MEBIBYTE = 1 << 20;
  private static final String ROW = "%-10s %10s %10s %10s %10s %10s %10s%n";
  private static final String NOTHING = "";

  /** Shares of the network by the device's name; a network that cannot be halved has no towers. */
  private Map<String, DeviceShare> devices() {
    Map<String, DeviceShare> devices = new LinkedHashMap<>();
    devices.put("one device", DeviceShare.whole(network));
    try {
      devices.put("a tower", DeviceShare.towers(network).get(0));
    } catch (IllegalArgumentException noTowers) {
      return devices;
    }
    return devices;
  }

  void print(PrintWriter out) {
    out.printf(
        "%nmemory of a training with the paper's optimizer in MiB, for batches of %s%n",
        String.join(", ", BATCHES.stream().map(Object::toString).toList()));
    devices()
        .forEach(
            (name, share) -> {
              print(out, name, share);
              int largest = largestBatch(share);
              out.println(
                  largest == 0
                      ? "in %s: no batch, not even one image".formatted(given)
                      : "in %s: batches of up to %d; larger ones are computed in parts"
                          .formatted(given, largest));
            });
  }

  private void print(PrintWriter out, String name, DeviceShare share) {
    List<TrainingMemory> memories = BATCHES.stream().map(batch -> memory(share, batch)).toList();
    TrainingMemory first = memories.get(0);
    List<Object> header = new ArrayList<>(List.of(name, "weights", "gradients", "momentum"));
    BATCHES.forEach(batch -> header.add("batch " + batch));
    out.printf("%n" + ROW, header.toArray());
    for (int i = 0; i < first.rows().size(); i++) {
      TrainingMemory.Row row = first.rows().get(i);
      List<Object> cells =
          new ArrayList<>(
              List.of(
                  row.layer(),
                  mebibytes(row.weights()),
                  mebibytes(row.gradients()),
                  mebibytes(row.optimizer())));
      for (TrainingMemory memory : memories) {
        cells.add(mebibytes(memory.rows().get(i).activations()));
      }
      out.printf(ROW, cells.toArray());
    }
    List<Object> workspace = new ArrayList<>(List.of("workspace", NOTHING, NOTHING, NOTHING));
    List<Object> all = new ArrayList<>(List.of("total", NOTHING, NOTHING, NOTHING));
    for (TrainingMemory memory : memories) {
      workspace.add(mebibytes(memory.workspace()));
      all.add(mebibytes(memory.total()));
    }
    out.printf(ROW, workspace.toArray());
    out.printf(ROW, all.toArray());
  }

  void write(JsonGenerator object) throws IOException {
    object.writeArrayFieldStart("memory");
    for (Map.Entry<String, DeviceShare> device : devices().entrySet()) {
      for (int batch : BATCHES) {
        TrainingMemory memory = memory(device.getValue(), batch);
        object.writeStartObject();
        object.writeStringField("device", device.getKey());
        object.writeNumberField("batch", batch);
        object.writeNumberField("bytes", memory.total());
        object.writeNumberField("workspace", memory.workspace());
        object.writeArrayFieldStart("layers");
        for (TrainingMemory.Row row : memory.rows()) {
          object.writeStartObject();
          object.writeStringField("layer", row.layer());
          object.writeNumberField("weights", row.weights());
          object.writeNumberField("gradients", row.gradients());
          object.writeNumberField("optimizer", row.optimizer());
          object.writeNumberField("activations", row.activations());
          object.writeEndObject();
        }
        object.writeEndArray();
        object.writeEndObject();
      }
    }
    object.writeEndArray();
    object.writeObjectFieldStart("largestBatch");
    object.writeNumberField("memory", given.bytes());
    for (Map.Entry<String, DeviceShare> device : devices().entrySet()) {
      object.writeNumberField(device.getKey(), largestBatch(device.getValue()));
    }
    object.writeEndObject();
  }

  private static TrainingMemory memory(DeviceShare share, int batch) {
    return DirectTrainingStep.memory(share, OPTIMIZER, false, batch);
  }

  private int largestBatch(DeviceShare share) {
    return DirectTrainingStep.largestBatch(share, OPTIMIZER, false, given.bytes());
  }

  private static String mebibytes(long bytes) {
    return bytes == 0 ? "-" : String.format(Locale.ROOT, "%,.1f", bytes / MEBIBYTE);
  }
}
