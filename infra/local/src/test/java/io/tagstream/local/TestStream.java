package io.tagstream.local;

import io.tagstream.consumers.TopicReader;
import io.tagstream.job.JobOnCluster;
import io.tagstream.model.network.Initialisation;
import io.tagstream.model.network.NetworkDescription;
import io.tagstream.model.store.ModelDraft;
import io.tagstream.model.store.ModelStore;
import io.tagstream.model.store.Preprocessing;
import io.tagstream.model.store.Provenance;
import io.tagstream.producers.Pace;
import io.tagstream.producers.RecordSender;
import io.tagstream.producers.drawn.DrawnScene;
import io.tagstream.producers.drawn.DrawnScenes;
import io.tagstream.schemas.Image;
import io.tagstream.schemas.KafkaConnection;
import io.tagstream.schemas.Label;
import io.tagstream.schemas.ModelStatus;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.Prediction;
import io.tagstream.schemas.Rejection;
import io.tagstream.schemas.Topics;
import io.tagstream.schemas.WireFormat;
import io.tagstream.settings.Settings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The fixture of the tests of the whole stream: a broker with its topics, a narrow model, drawn
 * images.
 */
final class TestStream implements AutoCloseable {
  static final Topics TOPICS = new Topics("");

  /**
   * Options for a short session, because the successor of a killed process waits until its session
   * expires.
   */
  static final List<String> SHORT_SESSION =
      List.of("--set", "kafka.session.timeout.ms=2000", "--set", "kafka.heartbeat.interval.ms=500");

  private static final DrawnScenes SCENES = new DrawnScenes(3);

  private final Path directory;
  private final Settings settings;
  private final Map<String, String> brokerSettings;
  private LocalBroker broker;
  private final List<Process> processes = new ArrayList<>();

  /**
   * @param directory for all files of the stream
   */
  TestStream(Path directory, Settings settings) {
    this(directory, settings, Map.of());
  }

  /**
   * @param brokerSettings override the broker's defaults
   */
  TestStream(Path directory, Settings settings, Map<String, String> brokerSettings) {
    this.directory = directory;
    this.settings = settings;
    this.brokerSettings = new HashMap<>(Map.of("group.min.session.timeout.ms", "1000"));
    this.brokerSettings.putAll(brokerSettings);
    writeModel(1);
    broker = startBroker("kafka", 0, this.brokerSettings);
  }

  /** Stops the broker; its address no longer accepts connections. */
  void stopBroker() {
    broker.close();
  }

  /** Starts the broker again, with the same address and data. */
  void startBrokerAgain() {
    int port = URI.create("kafka://" + broker.bootstrapServer()).getPort();
    broker = startBroker("kafka", port, brokerSettings);
  }

  /** Creates the missing topics; waits for those that are still being deleted. */
  void createTopics() {
    broker.createTopics(TOPICS, settings);
  }

  /**
   * Starts {@code tagstream job}, named test, as a process, which closing the stream ends.
   *
   * @param log receives its output
   */
  Process startJob(Path log, String... more) throws IOException {
    return startJob(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx768m",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            JobOnCluster.class.getName()),
        log,
        more);
  }

  /**
   * As above, with another program.
   *
   * @param program the command line before the options
   */
  Process startJob(List<String> program, Path log, String... more) throws IOException {
    List<String> command = new ArrayList<>(program);
    command.addAll(
        List.of(
            "--bootstrap-server",
            bootstrapServer(),
            "--models",
            models().toString(),
            "--checkpoints",
            checkpoints().toString(),
            "--name",
            "test",
            "--views",
            "1"));
    command.addAll(SHORT_SESSION);
    command.addAll(List.of(more));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    processes.add(process);
    return process;
  }

  /** Starts a second broker with the same topics. */
  LocalBroker startBroker(String name) {
    return startBroker(name, 0, Map.of());
  }

  private LocalBroker startBroker(String name, int port, Map<String, String> overrides) {
    LocalBroker started =
        LocalBroker.start(directory.resolve(name), LocalBroker.LOOPBACK, port, "--port", overrides);
    started.createTopics(TOPICS, settings);
    return started;
  }

  /**
   * Writes a narrow model, which computes in milliseconds. The first one becomes live.
   *
   * @return its version
   */
  String writeModel(long seed) {
    return writeModel(new ModelStore(models()), seed, 1.0 / 16);
  }

  /**
   * Writes an untrained model with the classes of the drawn scenes.
   *
   * @param width of the layers, as a share of the paper's
   */
  static String writeModel(ModelStore store, long seed, double width) {
    NetworkDescription network = NetworkDescription.alexNet(DrawnScenes.LABELS.size(), width);
    return store
        .write(
            new ModelDraft(
                Initialisation.HE.draw(network, seed),
                Preprocessing.tagstream(network.inputSize()),
                DrawnScenes.LABELS,
                Optional.empty(),
                Provenance.made("drawn for a test", "of the drawn scenes", "none")))
        .version();
  }

  Path models() {
    return directory.resolve("models");
  }

  Path checkpoints() {
    return directory.resolve("checkpoints");
  }

  String bootstrapServer() {
    return broker.bootstrapServer();
  }

  KafkaConnection connection() {
    return connection(broker);
  }

  static KafkaConnection connection(LocalBroker broker) {
    return new KafkaConnection(broker.bootstrapServer(), Duration.ofSeconds(30), Map.of());
  }

  static Stream<String> ids(int from, int to) {
    return IntStream.range(from, to).mapToObj(number -> "scene-" + number);
  }

  void send(String topic, int from, int to) {
    send(topic, from, to, image -> image);
  }

  /** Sends drawn images and returns once the broker has acknowledged them. */
  void send(String topic, int from, int to, UnaryOperator<Image> change) {
    send(connection(), topic, from, to, change);
  }

  static void send(
      KafkaConnection connection, String topic, int from, int to, UnaryOperator<Image> change) {
    try (RecordSender<Image> sender = RecordSender.ofImages(connection, topic)) {
      for (int number = from; number < to; number++) {
        sender.send(change.apply(image(number)), new Accepted());
      }
    }
  }

  /** The label of a drawn image. */
  static String labelOf(int number) {
    return SCENES.scene(number).label();
  }

  private static Image image(int number) {
    DrawnScene scene = SCENES.scene(number);
    return Image.newBuilder()
        .setId("scene-" + number)
        .setContent(scene.jpeg())
        .setLabel(scene.label())
        .build();
  }

  /** Sends drawn images until the pace is stopped; returns how many. */
  int sendSteadily(String topic, Pace pace) {
    int sent = 0;
    try (RecordSender<Image> sender = RecordSender.ofImages(connection(), topic)) {
      while (pace.awaitTurn()) {
        sender.send(image(sent), new Accepted());
        sent++;
      }
    }
    return sent;
  }

  /** Announces on {@code model-updates} that a version is live. */
  void announce(String version) {
    announce(connection(), version);
  }

  static void announce(KafkaConnection connection, String version) {
    ModelUpdate update =
        ModelUpdate.newBuilder()
            .setStatus(ModelStatus.PROMOTED.word())
            .setVersion(version)
            .setBy("a test")
            .setAt(Instant.now())
            .build();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            connection.producerProperties(),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      // Closing the sender waits for the acknowledgement.
      Future<RecordMetadata> unused =
          producer.send(
              new ProducerRecord<>(
                  TOPICS.modelUpdates(), WireFormat.of(ModelUpdate.class).encode(update)));
    }
  }

  /** Sends a label and returns once the broker has acknowledged it. */
  void send(Label label) {
    try (RecordSender<Label> sender = RecordSender.ofLabels(connection(), TOPICS.labels())) {
      sender.send(label, new Accepted());
    }
  }

  private static final class Accepted implements RecordSender.Outcome {
    @Override
    public void acknowledged() {}

    @Override
    public void refused(String reason) {
      throw new AssertionError(reason);
    }
  }

  /** Waits for this many committed predictions and returns the first of them. */
  List<Prediction> predictions(int count) {
    return read(TOPICS.predictions(), Prediction.class, count, TopicReader.Stop.NEVER);
  }

  /** All predictions committed now; read them last, because a duplicate would arrive late. */
  List<Prediction> allPredictions() {
    return allPredictions(TOPICS.predictions());
  }

  /** As {@link #allPredictions()}, on another topic. */
  List<Prediction> allPredictions(String topic) {
    return read(topic, Prediction.class, Integer.MAX_VALUE, TopicReader.Stop.END_AT_START);
  }

  /** The transactional ids with which the job named test currently writes predictions. */
  List<String> openTransactions() throws Exception {
    try (Admin admin = connection().admin()) {
      return admin.listTransactions().all().get().stream()
          .filter(transaction -> transaction.state() == TransactionState.ONGOING)
          .map(TransactionListing::transactionalId)
          .filter(id -> id.startsWith("test:predictions:"))
          .toList();
    }
  }

  /** Number of records on the first partition of predictions, committed or not. */
  long writtenPredictions() throws Exception {
    TopicPartition partition = new TopicPartition(TOPICS.predictions(), 0);
    try (Admin admin = connection().admin()) {
      return admin
          .listOffsets(Map.of(partition, OffsetSpec.latest()))
          .partitionResult(partition)
          .get()
          .offset();
    }
  }

  /** All rejections committed now. */
  List<Rejection> allRejections() {
    return read(
        TOPICS.rejectedImages(), Rejection.class, Integer.MAX_VALUE, TopicReader.Stop.END_AT_START);
  }

  /** Waits for this many committed rejections and returns the first of them. */
  List<Rejection> rejections(int count) {
    return read(TOPICS.rejectedImages(), Rejection.class, count, TopicReader.Stop.NEVER);
  }

  /** Waits for this many model updates and returns the first of them. */
  List<ModelUpdate> modelUpdates(int count) {
    return read(TOPICS.modelUpdates(), ModelUpdate.class, count, TopicReader.Stop.NEVER);
  }

  /** All model updates committed now. */
  List<ModelUpdate> allModelUpdates() {
    return read(
        TOPICS.modelUpdates(), ModelUpdate.class, Integer.MAX_VALUE, TopicReader.Stop.END_AT_START);
  }

  private <T extends SpecificRecord> List<T> read(
      String topic, Class<T> type, int count, TopicReader.Stop stop) {
    List<T> records = new ArrayList<>();
    try (TopicReader<T> reader = TopicReader.open(connection(), topic, WireFormat.of(type))) {
      reader.read(
          TopicReader.Start.BEGINNING,
          stop,
          new TopicReader.Sink<>() {
            @Override
            public boolean record(T record) {
              records.add(record);
              return records.size() < count;
            }

            @Override
            public boolean malformed(String where, String reason) {
              throw new AssertionError(where + ": " + reason);
            }
          });
    }
    return records;
  }

  @Override
  public void close() {
    processes.forEach(Process::destroyForcibly);
    broker.close();
  }
}
