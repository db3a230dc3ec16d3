package io.tagstream.job.health;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * Serves {@code /healthz}, whether the process should keep running, and {@code /readyz}, whether
 * the job works: status 200 if so, otherwise 503, with the reasons as JSON.
 */
public final class HealthServer implements AutoCloseable {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int MAX_PORT = 65_535;
  private static final int OK = 200;
  private static final int NOT_FOUND = 404;
  private static final int NO_SUCH_METHOD = 405;
  private static final int UNAVAILABLE = 503;

  static {
    // In seconds. Without it, a client that never finishes its request keeps a thread forever.
    System.setProperty("sun.net.httpserver.maxReqTime", "10");
  }

  private final HttpServer server;
  private final ExecutorService threads;
  private final Supplier<Health> health;

  private HealthServer(HttpServer server, Supplier<Health> health) {
    this.server = server;
    this.health = health;
    // A slow client must not delay the others.
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "health");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Listens until closed.
   *
   * @param port 0 for a free one
   * @param health called at each request, from several threads
   * @throws UserException when it cannot listen there
   */
  public static HealthServer start(String host, int port, Supplier<Health> health) {
    if (port < 0 || port > MAX_PORT) {
      throw new UsageException("--health-port %d: ports go from 0 to %d".formatted(port, MAX_PORT));
    }
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new UserException("no address is known for %s; check --host".formatted(host));
    }
    try {
      HealthServer started = new HealthServer(HttpServer.create(address, 0), health);
      started.server.createContext("/", started::answer);
      started.server.setExecutor(started.threads);
      started.server.start();
      return started;
    } catch (IOException e) {
      throw new UserException(
          "cannot listen on %s:%d: %s; choose another --health-port, or --host"
              .formatted(host, port, e.getMessage()),
          e);
    }
  }

  /** The address that it listens on: {@code http://HOST:PORT}. */
  public String address() {
    InetSocketAddress address = server.getAddress();
    String host = address.getAddress().getHostAddress();
    return "http://%s:%d"
        .formatted(host.contains(":") ? "[" + host + "]" : host, address.getPort());
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String method = exchange.getRequestMethod();
      if (!method.equals("GET") && !method.equals("HEAD")) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        send(exchange, NO_SUCH_METHOD, error("only GET and HEAD are supported"));
        return;
      }
      Health now = health.get();
      switch (exchange.getRequestURI().getPath()) {
        case "/healthz" -> answer(exchange, now, "healthy", now.fatal());
        case "/readyz" -> answer(exchange, now, "ready", now.reasons());
        default -> send(exchange, NOT_FOUND, error("the paths are /healthz and /readyz"));
      }
    }
  }

  private static void answer(
      HttpExchange exchange, Health health, String question, List<String> reasons)
      throws IOException {
    boolean good = reasons.isEmpty();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(body)) {
      json.writeStartObject();
      json.writeStringField("job", health.job());
      json.writeStringField("state", health.state().word());
      json.writeBooleanField(question, good);
      json.writeArrayFieldStart("reasons");
      for (String reason : reasons) {
        json.writeString(reason);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    send(exchange, good ? OK : UNAVAILABLE, body.toByteArray());
  }

  private static byte[] error(String message) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(body)) {
      json.writeStartObject();
      json.writeStringField("error", message);
      json.writeEndObject();
    }
    return body.toByteArray();
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
