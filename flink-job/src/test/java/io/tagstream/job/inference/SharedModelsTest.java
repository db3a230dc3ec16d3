package io.tagstream.job.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tagstream.model.ModelException;
import io.tagstream.model.Throttle;
import io.tagstream.model.engine.LoadedModel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SharedModelsTest {
  private final FakeModels models = new FakeModels();
  private final SharedModels<String> shared = new SharedModels<>();

  private LoadedModel acquire(String version) {
    return shared.acquire(version, () -> models.load(version, Throttle.none()));
  }

  @Test
  void loadsOnceAndClosesWithTheLastUser() {
    LoadedModel first = acquire("v1");
    LoadedModel second = acquire("v1");
    assertThat(models.state().openModels).hasValue(1);
    first.close();
    first.close();
    assertThat(models.state().openModels).hasValue(1);
    second.close();
    assertThat(models.state().openModels).hasValue(0);
  }

  @Test
  void twoVersionsAreTwoModels() {
    LoadedModel first = acquire("v1");
    LoadedModel second = acquire("v2");
    assertThat(models.state().openModels).hasValue(2);
    first.close();
    second.close();
    assertThat(models.state().openModels).hasValue(0);
  }

  @Test
  void waitsForALoadOfAnotherThread() throws Exception {
    models.state().holdLoads = true;
    ExecutorService threads = Executors.newFixedThreadPool(2);
    CompletableFuture<LoadedModel> first =
        CompletableFuture.supplyAsync(() -> acquire("v1"), threads);
    models.state().loadBegan.acquire();
    CompletableFuture<LoadedModel> second =
        CompletableFuture.supplyAsync(() -> acquire("v1"), threads);
    models.state().loadPermits.release();
    LoadedModel one = first.get();
    LoadedModel two = second.get();
    assertThat(models.state().loadBegan.availablePermits()).isZero();
    one.close();
    two.close();
    assertThat(models.state().openModels).hasValue(0);
    threads.shutdown();
    assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void loadsAgainAfterAFailure() {
    models.state().broken.add("v1");
    assertThatThrownBy(() -> acquire("v1"))
        .isInstanceOf(ModelException.class)
        .hasMessage("model v1 fails its hash");
    models.state().broken.clear();
    acquire("v1").close();
    assertThat(models.state().openModels).hasValue(0);
  }
}
