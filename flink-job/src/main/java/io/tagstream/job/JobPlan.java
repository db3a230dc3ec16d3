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
 * The parameters of the topology, fixed when a job starts.
 *
 * @param sourceParallelism subtasks that read images
 * @param decodeParallelism subtasks that decode
 * @param inferenceParallelism subtasks that infer, each with an engine
 * @param separateSlots whether decoding and inference use separate slots
 * @param learns whether the job keeps labelled images and trains on them
 * @param idleAfter how long a partition without records holds back event time
 * @param sinkGeneration part of the sinks' uids: a new generation drops the sinks' old state
 * @param notes where the images being decoded and computed are noted
 * @param acceptLoss whether the job continues when records were deleted unread
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
   * The number of slots that the job needs; with one fewer it would never start. The operators for
   * labels have one subtask each and share the slots of decoding; training has a separate slot.
   */
  public int slots() {
    int cpu = Math.max(sourceParallelism, decodeParallelism);
    int tagging = separateSlots ? cpu + inferenceParallelism : Math.max(cpu, inferenceParallelism);
    return learns ? tagging + 1 : tagging;
  }
}
