package io.tagstream.settings;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;

/**
 * Turns Ctrl-C and SIGTERM into an orderly stop: the first signal runs it on a separate thread, and
 * the JVM continues until the command returns; a second signal kills the process with exit code 128
 * plus the signal's number.
 *
 * <p>Shutdown hooks cannot do this: once the JVM shuts down, it handles no second signal and its
 * exit code is fixed. The JVM's signal class is called by reflection because javac warns wherever
 * it is named.
 */
public final class Interruption implements AutoCloseable {
  private static final List<String> SIGNALS = List.of("INT", "TERM");

  private final Runnable stop;
  private final IntConsumer kill;
  private final AtomicBoolean requested = new AtomicBoolean();
  private final List<Runnable> restores = new ArrayList<>();

  private Interruption(Runnable stop, IntConsumer kill) {
    this.stop = stop;
    this.kill = kill;
  }

  /**
   * Handles the signals until closed.
   *
   * @param stop starts the stop; may return at once or wait for it; runs concurrently with the
   *     caller
   */
  public static Interruption listen(Runnable stop) {
    return listen(stop, Runtime.getRuntime()::halt);
  }

  static Interruption listen(Runnable stop, IntConsumer kill) {
    Interruption interruption = new Interruption(stop, kill);
    try {
      for (String name : SIGNALS) {
        interruption.install(name);
      }
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      interruption.close();
      throw new IllegalStateException("this JVM does not deliver signals", e);
    }
    return interruption;
  }

  /** Whether a signal has arrived. */
  public boolean requested() {
    return requested.get();
  }

  /** Restores the previous signal handlers. */
  @Override
  public void close() {
    restores.forEach(Runnable::run);
    restores.clear();
  }

  private void install(String name) throws ReflectiveOperationException {
    Class<?> signalType = Class.forName("sun.misc.Signal");
    Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
    Method handle = signalType.getMethod("handle", signalType, handlerType);
    Object signal = signalType.getConstructor(String.class).newInstance(name);
    int number = (Integer) signalType.getMethod("getNumber").invoke(signal);
    InvocationHandler onSignal =
        (proxy, method, arguments) ->
            switch (method.getName()) {
              case "handle" -> {
                received(number);
                yield null;
              }
              case "equals" -> proxy == arguments[0];
              case "hashCode" -> System.identityHashCode(proxy);
              default -> "Interruption of " + name;
            };
    Object handler =
        Proxy.newProxyInstance(
            Interruption.class.getClassLoader(), new Class<?>[] {handlerType}, onSignal);
    Object previous = handle.invoke(null, signal, handler);
    restores.add(
        () -> {
          try {
            handle.invoke(null, signal, previous);
          } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private void received(int number) {
    if (requested.compareAndSet(false, true)) {
      stop.run();
    } else {
      kill.accept(128 + number);
    }
  }
}
