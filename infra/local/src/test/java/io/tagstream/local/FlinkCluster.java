package io.tagstream.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A JobManager and TaskManagers as processes, from Flink's artifacts on the test's class path and
 * with the layout of the Docker image: native libraries and the classes that ND4J needs are next to
 * Flink's, the job is in a separate jar.
 */
final class FlinkCluster implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** Artifacts on the class path of the cluster's processes; the others are in the job's jar. */
  private static final Pattern FLINK =
      Pattern.compile(
          "flink-(?!connector-kafka|connector-base).*|log4j-.*|slf4j-api-.*|commons-(cli|io|text|lang3|math3|collections|compress).*"
              + "|frocksdbjni-.*|kryo-.*|reflectasm-.*|objenesis-.*|minlog-.*|RoaringBitmap-.*|snakeyaml-engine-.*"
              + "|snappy-java-.*|lz4-java-.*|javassist-.*|async-profiler-.*|jsr305-.*");

  private static final int SLOTS = 2;

  private final Path directory;
  private final String classPath;
  private final int restPort;
  private final List<Process> processes = new ArrayList<>();
  private int taskManagers;

  private FlinkCluster(Path directory, Path natives, int restPort) throws IOException {
    this.directory = directory;
    this.restPort = restPort;
    try (Stream<Path> jars = Files.list(natives)) {
      classPath =
          Stream.concat(jars.map(Path::toString).sorted(), flinkJars())
              .collect(Collectors.joining(File.pathSeparator));
    }
  }

  /**
   * Starts the processes and waits until the TaskManagers have registered their slots, two each.
   *
   * @param directory for configuration and logs
   * @param natives the folder {@code flink-job/target/lib}
   * @param options additional lines of Flink's configuration
   */
  static FlinkCluster start(Path directory, Path natives, int taskManagers, String options)
      throws IOException, InterruptedException {
    int restPort = freePort();
    FlinkCluster cluster = new FlinkCluster(directory, natives, restPort);
    try {
      cluster.configure(restPort, freePort(), options);
      cluster.launch(
          "jobmanager",
          List.of("-Xmx512m"),
          "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
          List.of("--configDir", cluster.directory.toString()));
      for (int number = 0; number < taskManagers; number++) {
        cluster.startTaskManager();
      }
      cluster.awaitSlots(SLOTS * taskManagers);
      return cluster;
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
  }

  /** Starts another TaskManager, or a replacement for a dead one; does not wait for its slots. */
  Process startTaskManager() throws IOException {
    taskManagers++;
    return launch(
        "taskmanager-" + taskManagers,
        List.of("-Xmx640m", "-XX:MaxDirectMemorySize=512m"),
        "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
        taskManagerArguments());
  }

  /** {@code flink run --detached}: submits a job's jar with its arguments. */
  void submit(Path jar, List<String> arguments) throws IOException, InterruptedException {
    submit(List.of(), jar, arguments);
  }

  /**
   * As {@link #submit(Path, List)}.
   *
   * @param options of {@code flink run}
   */
  void submit(List<String> options, Path jar, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("run", "--detached"));
    command.addAll(options);
    command.add(jar.toString());
    command.addAll(arguments);
    Process client =
        launch("client", List.of("-Xmx512m"), "org.apache.flink.client.cli.CliFrontend", command);
    if (!client.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || client.exitValue() != 0) {
      throw new IllegalStateException("flink run failed:\n" + log("client"));
    }
  }

  /** A response of the JobManager's REST interface; empty while there is none. */
  Optional<JsonNode> ask(String path) throws InterruptedException {
    return send(HttpRequest.newBuilder(address(path)).build());
  }

  /**
   * Stops a job with a savepoint.
   *
   * @return the savepoint's location
   */
  String stop(String job, Path savepoints) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(address("/jobs/%s/stop".formatted(job)))
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"targetDirectory\":\"%s\",\"drain\":false}".formatted(savepoints.toUri())))
            .build();
    String trigger = send(request).orElseThrow().path("request-id").asText();
    Instant deadline = Instant.now().plus(PATIENCE);
    while (Instant.now().isBefore(deadline)) {
      JsonNode state =
          ask("/jobs/%s/savepoints/%s".formatted(job, trigger)).orElseThrow().path("operation");
      if (state.has("location")) {
        return state.path("location").asText();
      }
      if (state.has("failure-cause")) {
        throw new IllegalStateException("no savepoint: " + state);
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    throw new IllegalStateException("no savepoint within " + PATIENCE);
  }

  /** The output of a process. */
  String log(String name) throws IOException {
    return Files.readString(directory.resolve(name + ".log"));
  }

  private void configure(int restPort, int rpcPort, String options) throws IOException {
    Files.writeString(
        directory.resolve("config.yaml"),
        """
        jobmanager.rpc.address: 127.0.0.1
        jobmanager.bind-host: 127.0.0.1
        jobmanager.rpc.port: %d
        rest.address: 127.0.0.1
        rest.bind-address: 127.0.0.1
        rest.port: %d
        taskmanager.host: 127.0.0.1
        taskmanager.bind-host: 127.0.0.1
        taskmanager.numberOfTaskSlots: %d
        classloader.parent-first-patterns.additional: org.nd4j.;org.deeplearning4j.;org.bytedeco.;ai.onnxruntime.
        """
                .formatted(rpcPort, restPort, SLOTS)
            + options);
    Files.writeString(
        directory.resolve("log4j2.properties"),
        """
        rootLogger.level = INFO
        rootLogger.appenderRef.out.ref = out
        appender.out.type = Console
        appender.out.name = out
        appender.out.layout.type = PatternLayout
        appender.out.layout.pattern = %d{HH:mm:ss} %-5p %c{1} %m%n
        """);
  }

  /** The sizes that {@code taskmanager.sh} would have computed from a process size. */
  private List<String> taskManagerArguments() {
    Map<String, String> sizes =
        Map.ofEntries(
            Map.entry("cpu.cores", "2.0"),
            Map.entry("memory.framework.heap.size", "128m"),
            Map.entry("memory.framework.off-heap.size", "128m"),
            Map.entry("memory.task.heap.size", "384m"),
            Map.entry("memory.task.off-heap.size", "256m"),
            Map.entry("memory.managed.size", "64m"),
            Map.entry("memory.network.min", "64m"),
            Map.entry("memory.network.max", "64m"),
            Map.entry("memory.jvm-metaspace.size", "256m"),
            Map.entry("memory.jvm-overhead.min", "128m"),
            Map.entry("memory.jvm-overhead.max", "128m"));
    return Stream.concat(
            Stream.of("--configDir", directory.toString()),
            sizes.entrySet().stream()
                .map(size -> "-Dtaskmanager.%s=%s".formatted(size.getKey(), size.getValue())))
        .toList();
  }

  private Process launch(
      String name, List<String> options, String mainClass, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add("--add-opens=java.base/java.util=ALL-UNNAMED");
    command.add("--add-opens=java.base/java.lang=ALL-UNNAMED");
    command.add("-Dlog4j2.configurationFile=" + directory.resolve("log4j2.properties"));
    command.addAll(List.of("-cp", classPath, mainClass));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve(name + ".log").toFile());
    builder.environment().put("FLINK_CONF_DIR", directory.toString());
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  /** Waits until the running TaskManagers have this many slots. */
  void awaitSlots(int slots) throws IOException, InterruptedException {
    Instant deadline = Instant.now().plus(PATIENCE);
    while (ask("/overview").map(all -> all.path("slots-total").asInt()).orElse(0) != slots) {
      if (Instant.now().isAfter(deadline)) {
        throw new IllegalStateException(
            "no cluster:\n" + log("jobmanager") + "\n" + log("taskmanager-" + taskManagers));
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private URI address(String path) {
    return URI.create("http://127.0.0.1:%d%s".formatted(restPort, path));
  }

  private static Optional<JsonNode> send(HttpRequest request) throws InterruptedException {
    try {
      HttpResponse<String> answer =
          HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
      return Optional.of(JSON.readTree(answer.body()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Stream<String> flinkJars() {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Arrays.stream(classPath.split(File.pathSeparator))
        .filter(entry -> FLINK.matcher(Path.of(entry).getFileName().toString()).matches());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    processes.forEach(Process::destroy);
    for (Process process : processes) {
      try {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          process.destroyForcibly().waitFor();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
