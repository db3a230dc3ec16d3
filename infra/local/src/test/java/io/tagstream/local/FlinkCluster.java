package io.tagstream.local;

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
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A JobManager and a TaskManager as processes, made of Flink's artifacts on the test's class path
 * and laid out as the image is: natives and what ND4J calls beside Flink, the job in a jar of its
 * own.
 */
final class FlinkCluster implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** What is on the class path of the cluster's processes; the rest comes with the job's jar. */
  private static final Pattern FLINK =
      Pattern.compile(
          "flink-(?!connector-kafka|connector-base).*|log4j-.*|slf4j-api-.*|commons-(cli|io|text|lang3|math3|collections|compress).*"
              + "|frocksdbjni-.*|kryo-.*|reflectasm-.*|objenesis-.*|minlog-.*|RoaringBitmap-.*|snakeyaml-engine-.*"
              + "|snappy-java-.*|lz4-java-.*|javassist-.*|async-profiler-.*|jsr305-.*");

  private final Path directory;
  private final String classPath;
  private final int restPort;
  private final List<Process> processes = new ArrayList<>();

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
   * Starts both processes and waits until the TaskManager has registered its slots.
   *
   * @param directory for configuration and logs
   * @param natives the folder {@code flink-job/target/lib}
   */
  static FlinkCluster start(Path directory, Path natives) throws IOException, InterruptedException {
    int restPort = freePort();
    FlinkCluster cluster = new FlinkCluster(directory, natives, restPort);
    try {
      cluster.configure(restPort, freePort());
      cluster.launch(
          "jobmanager",
          List.of("-Xmx512m"),
          "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
          List.of("--configDir", cluster.directory.toString()));
      cluster.launch(
          "taskmanager",
          List.of("-Xmx640m", "-XX:MaxDirectMemorySize=512m"),
          "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
          cluster.taskManagerArguments());
      cluster.awaitSlots();
      return cluster;
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
  }

  /** {@code flink run --detached}: submits a job's jar with its arguments. */
  void submit(Path jar, List<String> arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("run", "--detached", jar.toString()));
    command.addAll(arguments);
    Process client =
        launch("client", List.of("-Xmx512m"), "org.apache.flink.client.cli.CliFrontend", command);
    if (!client.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || client.exitValue() != 0) {
      throw new IllegalStateException("flink run failed:\n" + log("client"));
    }
  }

  /** What a process has printed. */
  String log(String name) throws IOException {
    return Files.readString(directory.resolve(name + ".log"));
  }

  private void configure(int restPort, int rpcPort) throws IOException {
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
        taskmanager.numberOfTaskSlots: 2
        classloader.parent-first-patterns.additional: org.nd4j.;org.deeplearning4j.;org.bytedeco.;ai.onnxruntime.
        """
            .formatted(rpcPort, restPort));
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

  private void awaitSlots() throws IOException, InterruptedException {
    Instant deadline = Instant.now().plus(PATIENCE);
    while (!overview().contains("\"slots-total\":2")) {
      if (processes.stream().anyMatch(process -> !process.isAlive())
          || Instant.now().isAfter(deadline)) {
        throw new IllegalStateException(
            "no cluster:\n" + log("jobmanager") + "\n" + log("taskmanager"));
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  /** The JobManager's summary, or nothing before it listens. */
  private String overview() throws InterruptedException {
    URI address = URI.create("http://127.0.0.1:%d/overview".formatted(restPort));
    try {
      return HttpClient.newHttpClient()
          .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      return "";
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
