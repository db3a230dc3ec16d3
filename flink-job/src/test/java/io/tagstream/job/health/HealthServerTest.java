package io.tagstream.job.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.store.JobStatus.State;
import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class HealthServerTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private volatile Health health = new Health("test", State.RUNNING, List.of(), List.of());
  private HealthServer server;

  @BeforeEach
  void start() {
    server = HealthServer.start("127.0.0.1", 0, () -> health);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private HttpResponse<String> ask(String method, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(server.address() + path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private void assertAnswer(String path, int status, String body) throws Exception {
    HttpResponse<String> answer = ask("GET", path);
    assertThat(answer.body()).isEqualTo(body);
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.headers().firstValue("content-type")).contains("application/json");
  }

  @Test
  void reportsAJobThatWorks() throws Exception {
    assertAnswer(
        "/healthz",
        200,
        "{\"job\":\"test\",\"state\":\"running\",\"healthy\":true,\"reasons\":[]}");
    assertAnswer(
        "/readyz", 200, "{\"job\":\"test\",\"state\":\"running\",\"ready\":true,\"reasons\":[]}");
  }

  @Test
  void aJobThatIsNotReadyIsHealthyWhileItCanRecover() throws Exception {
    health = new Health("test", State.RESTARTING, List.of(), List.of("it \"restarts\"", "late"));
    assertAnswer(
        "/healthz",
        200,
        "{\"job\":\"test\",\"state\":\"restarting\",\"healthy\":true,\"reasons\":[]}");
    assertAnswer(
        "/readyz",
        503,
        "{\"job\":\"test\",\"state\":\"restarting\",\"ready\":false,\"reasons\":[\"it \\\"restarts\\\"\",\"late\"]}");
  }

  @Test
  void aFailedJobIsNeitherHealthyNorReady() throws Exception {
    health = new Health("test", State.FAILED, List.of("it failed"), List.of("late"));
    assertAnswer(
        "/healthz",
        503,
        "{\"job\":\"test\",\"state\":\"failed\",\"healthy\":false,\"reasons\":[\"it failed\"]}");
    assertAnswer(
        "/readyz",
        503,
        "{\"job\":\"test\",\"state\":\"failed\",\"ready\":false,\"reasons\":[\"it failed\",\"late\"]}");
  }

  @Test
  void answersHeadAndRefusesTheRest() throws Exception {
    assertThat(ask("HEAD", "/readyz").statusCode()).isEqualTo(200);
    assertThat(ask("POST", "/readyz").statusCode()).isEqualTo(405);
    assertThat(ask("GET", "/readyz/more").statusCode()).isEqualTo(404);
    assertThat(ask("GET", "/").statusCode()).isEqualTo(404);
  }

  @Test
  void anUnfinishedRequestDelaysNoOther() throws Exception {
    int port = URI.create(server.address()).getPort();
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        slow.add(socket);
        socket.getOutputStream().write("GET /healthz HT".getBytes(StandardCharsets.US_ASCII));
      }
      assertThat(ask("GET", "/healthz").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  void namesAnAddressThatItCannotListenOn() {
    int taken = URI.create(server.address()).getPort();
    assertThatThrownBy(() -> HealthServer.start("127.0.0.1", taken, () -> health))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("127.0.0.1:" + taken)
        .hasMessageContaining("--health-port");
    assertThatThrownBy(() -> HealthServer.start("no such host.invalid", 0, () -> health))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("--host");
    assertThatThrownBy(() -> HealthServer.start("127.0.0.1", 65_536, () -> health))
        .isInstanceOf(UsageException.class);
  }
}
