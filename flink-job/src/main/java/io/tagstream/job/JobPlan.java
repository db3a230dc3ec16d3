package io.tagstream.job;

import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.inference.MicroBatching;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.ImageSettings;
import io.tagstream.settings.InferenceSettings;
import io.tagstream.settings.LabelSettings;
import java.time.Duration;

/**
 * What is fixed when a job starts.
 *
 * @param sourceParallelism subtasks that read images
 * @param decodeParallelism subtasks that decode
 * @param inferenceParallelism subtasks with an engine of their own
 * @param separateSlots whether decoding and inference have slots of their own
 * @param learns whether the job keeps labelled images and trains on them
 * @param idleAfter how long a partition without records holds back event time
 * @param sinkGeneration part of the sinks' uids: a new one leaves their old state behind
 * @param notes where it is noted what is decoded and inferred
 * @param acceptLoss whether the job goes on where records were deleted unread
 */
public record JobPlan(
    int sourceParallelism,
    int decodeParallelism,
    int inferenceParallelism,
    boolean separateSlots,
    boolean learns,
    CropGeometry geometry,
    MicroBatching batching,
    Topics topics,
    ImageSettings images,
    LabelSettings labels,
    InferenceSettings inference,
    Duration idleAfter,
    int sinkGeneration,
    NotePlace notes,
    boolean acceptLoss) {

  /**
   * Slots that all subtasks need at once: one lacking, and the job would wait for ever. What labels
   * need runs in one subtask each, on slots that decoding has; a training has one of its own.
   */
  public int slots() {
    int cpu = Math.max(sourceParallelism, decodeParallelism);
    int tagging = separateSlots ? cpu + inferenceParallelism : Math.max(cpu, inferenceParallelism);
    return learns ? tagging + 1 : tagging;
  }
}
