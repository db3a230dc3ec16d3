package io.tagstream.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.tagstream.job.flow.Coordinates;
import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.flow.DecodedImage;
import io.tagstream.job.flow.GivenLabel;
import io.tagstream.job.flow.IncomingRecord;
import io.tagstream.job.flow.LabelSignal;
import io.tagstream.job.flow.LabelledAnswer;
import io.tagstream.job.flow.LabelledRecord;
import io.tagstream.job.flow.LiveModelChanged;
import io.tagstream.job.flow.ModelNews;
import io.tagstream.job.flow.PlacedLabel;
import io.tagstream.job.flow.RejectedImage;
import io.tagstream.job.flow.RetrainRequest;
import io.tagstream.job.flow.SeenImage;
import io.tagstream.job.flow.TaggedImage;
import io.tagstream.job.flow.TrainingRow;
import io.tagstream.job.inference.FakeModels;
import io.tagstream.job.inference.MicroBatching;
import io.tagstream.job.label.KafkaRecordLog;
import io.tagstream.job.label.LabelJoin;
import io.tagstream.job.retrain.Arrivals;
import io.tagstream.job.retrain.LiveAccuracy;
import io.tagstream.job.retrain.Outcome;
import io.tagstream.job.retrain.RetrainOperator;
import io.tagstream.job.retrain.Retraining;
import io.tagstream.job.retrain.StoredModels;
import io.tagstream.job.retrain.StoredRuns;
import io.tagstream.job.retrain.StoredTraining;
import io.tagstream.job.sink.KafkaSinks;
import io.tagstream.job.source.KafkaSources;
import io.tagstream.job.source.OffsetGuard;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.CheckpointSettings;
import io.tagstream.settings.ImageSettings;
import io.tagstream.settings.InferenceSettings;
import io.tagstream.settings.JobSettings;
import io.tagstream.settings.KafkaSettings;
import io.tagstream.settings.LabelSettings;
import io.tagstream.settings.RetrainSettings;
import io.tagstream.settings.Settings;
import io.tagstream.settings.TrainingSettings;
import io.tagstream.settings.TrainingStoreSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.GenericTypeInfo;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopologyTest {

  private static JobPlan plan(boolean separateSlots) {
    return plan(separateSlots, false);
  }

  private static JobPlan plan(boolean separateSlots, boolean learns) {
    return new JobPlan(
        2,
        3,
        1,
        separateSlots,
        learns,
        new CropGeometry(256, 227),
        new MicroBatching(32, Duration.ofMillis(50), 2),
        new Topics(""),
        Settings.defaults().get(ImageSettings.class),
        Settings.defaults().get(LabelSettings.class),
        Settings.defaults().get(InferenceSettings.class),
        Duration.ofSeconds(5),
        0,
        NotePlace.nowhere(),
        false);
  }

  private static StreamGraph graph(JobPlan plan) {
    KafkaConnection connection =
        new KafkaConnection("127.0.0.1:9092", Duration.ofSeconds(1), Map.of());
    Topics topics = new Topics("");
    Configuration options =
        FlinkOptions.ofJob(
            "test",
            Settings.defaults().get(CheckpointSettings.class),
            Settings.defaults().get(JobSettings.class),
            Settings.defaults().get(KafkaSettings.class),
            "file:///tmp/unused");
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(options);
    KafkaSinks sinks =
        new KafkaSinks(
            connection, topics, "test", Duration.ofMinutes(15), Duration.ofHours(1), false);
    new TagstreamJob(
            KafkaSources.images(connection, topics, "test", false),
            KafkaSources.modelUpdates(connection, topics, "test"),
            new FakeBroker("cluster", Map.of()),
            new KafkaRecordLog(connection, topics, "test"),
            new FakeModels(),
            sinks.predictions(),
            sinks.rejections(),
            plan.learns()
                ? Optional.of(
                    new Learning(
                        KafkaSources.labels(connection, topics, "test", false),
                        new MemorySink<TrainingRow>(row -> row.imageId),
                        new Retraining(
                            KafkaSources.retrainRequests(connection, topics, "test"),
                            retrain(),
                            sinks.modelUpdates())))
                : Optional.empty())
        .addTo(environment, plan);
    return environment.getStreamGraph();
  }

  private static RetrainOperator retrain() {
    Path unused = Path.of("unused");
    return new RetrainOperator(
        Settings.defaults().get(RetrainSettings.class),
        "test",
        new StoredRuns(unused, Settings.defaults().get(TrainingStoreSettings.class), 10),
        new StoredModels(unused, "test", 4),
        new StoredTraining(
            unused,
            unused,
            "test",
            Settings.defaults().get(TrainingSettings.class),
            Settings.defaults().get(RetrainSettings.class).minHeldOut()));
  }

  @Test
  void everyOperatorHasANameAndItsOwnUid() {
    StreamGraph graph = graph(plan(false));
    // A missing uid fails here: pipeline.auto-generate-uids is false.
    graph.getJobGraph();
    Map<String, String> names =
        graph.getStreamNodes().stream()
            .filter(node -> node.getTransformationUID() != null)
            .collect(
                Collectors.toMap(StreamNode::getTransformationUID, StreamNode::getOperatorName));
    assertThat(names)
        .containsEntry("images", "Source: Images")
        .containsEntry("coordinates", "Coordinates")
        .containsEntry("offset-guard", "Offset guard")
        .containsEntry("decode", "Decode")
        .containsEntry("model-updates", "Source: Model updates")
        .containsEntry("inference", "Micro-batch and inference")
        .containsEntry("predictions-0", "Predictions: Writer")
        .containsEntry("reject-unanswered", "Reject unanswered")
        .containsEntry("rejections-0", "Rejections: Writer");
    assertThat(names).hasSameSizeAs(graph.getStreamNodes());
  }

  @Test
  void flinksCancellationWatchdogIsOff() {
    assertThat(graph(plan(true, true)).getExecutionConfig().getTaskCancellationTimeout()).isZero();
  }

  @Test
  void aJobWithATrainingStoreHasFurtherOperators() {
    StreamGraph graph = graph(plan(true, true));
    graph.getJobGraph();
    Map<String, StreamNode> nodes =
        graph.getStreamNodes().stream()
            .filter(node -> node.getTransformationUID() != null)
            .collect(Collectors.toMap(StreamNode::getTransformationUID, Function.identity()));
    assertThat(nodes).hasSameSizeAs(graph.getStreamNodes());
    Map<String, String> further =
        Map.of(
            "labels", "Source: Labels",
            "label-coordinates", "Coordinates of labels",
            "read-labels", "Read labels",
            "label-join", "Join labels with images",
            "label-fetch", "Fetch labelled images",
            "decode-labelled", "Decode labelled",
            "training-store", "Training store: Writer");
    further.forEach(
        (uid, name) -> {
          assertThat(nodes.get(uid).getOperatorName()).isEqualTo(name);
          assertThat(nodes.get(uid).getParallelism()).isEqualTo(1);
          assertThat(nodes.get(uid).getSlotSharingGroup()).isEqualTo(TagstreamJob.CPU_SLOTS);
        });
    Map<String, String> training =
        Map.of("retrain", "Retrain", "model-news-0", "Model news: Writer");
    training.forEach(
        (uid, name) -> {
          assertThat(nodes.get(uid).getOperatorName()).isEqualTo(name);
          assertThat(nodes.get(uid).getParallelism()).isEqualTo(1);
          assertThat(nodes.get(uid).getSlotSharingGroup()).isEqualTo(TagstreamJob.TRAINING_SLOTS);
        });
    assertThat(nodes.get("retrain-requests").getOperatorName())
        .isEqualTo("Source: Retrain requests");
    Set<String> without =
        graph(plan(true, false)).getStreamNodes().stream()
            .map(StreamNode::getTransformationUID)
            .collect(Collectors.toSet());
    assertThat(without).doesNotContainAnyElementsOf(further.keySet());
    assertThat(nodes.keySet()).containsAll(without);
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        IncomingRecord.class,
        DecodedImage.class,
        TaggedImage.class,
        RejectedImage.class,
        TrainingRow.class,
        LiveModelChanged.class,
        Coordinates.class,
        OffsetGuard.NextOffset.class,
        OffsetGuard.TopicId.class,
        LabelledAnswer.class,
        LabelSignal.class,
        RetrainRequest.class,
        ModelNews.class,
        ModelNews.Judgement.class,
        Arrivals.class,
        Outcome.class,
        RetrainOperator.Measured.class,
        LiveAccuracy.SavedWindow.class,
        LiveAccuracy.SavedArming.class,
        SeenImage.class,
        GivenLabel.class,
        PlacedLabel.class,
        LabelledRecord.class,
        LabelJoin.Place.class,
        LabelJoin.Waiting.class
      })
  void streamAndStateTypesArePojos(Class<?> type) {
    TypeInformation<?> information = TypeInformation.of(type);
    assertThat(information).isInstanceOf(PojoTypeInfo.class);
    assertNothingGeneric(information);
  }

  private static void assertNothingGeneric(TypeInformation<?> information) {
    assertThat(information).isNotInstanceOf(GenericTypeInfo.class);
    if (information instanceof PojoTypeInfo<?> pojo) {
      for (int i = 0; i < pojo.getArity(); i++) {
        assertNothingGeneric(pojo.getPojoFieldAt(i).getTypeInformation());
      }
    }
    information.getGenericParameters().values().forEach(TopologyTest::assertNothingGeneric);
  }

  @Test
  void allSlotsAreSharedUnlessAskedOtherwise() {
    assertThat(slotSharingGroups(plan(false))).containsExactly("default");
    assertThat(plan(false).slots()).isEqualTo(3);
  }

  @Test
  void trainingHasASeparateSlot() {
    assertThat(slotSharingGroups(plan(false, true)))
        .containsExactlyInAnyOrder("default", TagstreamJob.TRAINING_SLOTS);
    assertThat(plan(false, true).slots()).isEqualTo(4);
    assertThat(plan(true, true).slots()).isEqualTo(5);
  }

  @Test
  void separateSlotsKeepDecodingAndInferenceApart() {
    assertThat(slotSharingGroups(plan(true)))
        .containsExactlyInAnyOrder(TagstreamJob.CPU_SLOTS, TagstreamJob.ENGINE_SLOTS);
    assertThat(plan(true).slots()).isEqualTo(4);
    StreamGraph graph = graph(plan(true));
    for (JobVertex vertex : graph.getJobGraph().getVertices()) {
      boolean engine = vertex.getName().contains("inference");
      assertThat(vertex.getSlotSharingGroup().getSlotSharingGroupName())
          .as(vertex.getName())
          .isEqualTo(engine ? TagstreamJob.ENGINE_SLOTS : TagstreamJob.CPU_SLOTS);
    }
  }

  private static Set<String> slotSharingGroups(JobPlan plan) {
    return graph(plan).getStreamNodes().stream()
        .map(StreamNode::getSlotSharingGroup)
        .collect(Collectors.toSet());
  }

  @Test
  void sourceAndDecoderAreChainedIfTheirParallelismsAreEqual() {
    JobPlan plan = plan(false);
    JobPlan chained =
        new JobPlan(
            2,
            2,
            1,
            false,
            false,
            plan.geometry(),
            plan.batching(),
            plan.topics(),
            plan.images(),
            plan.labels(),
            plan.inference(),
            plan.idleAfter(),
            0,
            NotePlace.nowhere(),
            false);
    assertThat(graph(chained).getJobGraph().getVertices())
        .extracting(JobVertex::getName)
        .anySatisfy(name -> assertThat(name).contains("Images", "Decode"));
  }
}
