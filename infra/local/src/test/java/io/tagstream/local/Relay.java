package io.tagstream.local;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A network between two programs on one machine: forwards TCP connections to a port. While it is
 * cut, it forwards nothing and reports nothing, like a network that drops packets.
 */
final class Relay implements AutoCloseable {
  private static final int CHUNK = 64 * 1024;

  private final ServerSocket server;
  private final int target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition mended = lock.newCondition();
  private boolean cut;

  /**
   * @param target the port to which connections are forwarded
   */
  Relay(int target) throws IOException {
    this.target = target;
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start("relay", this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  void cut() {
    set(true);
  }

  void mend() {
    set(false);
  }

  private void set(boolean nothingPasses) {
    lock.lock();
    try {
      cut = nothingPasses;
      mended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void awaitPassage() throws InterruptedException {
    lock.lock();
    try {
      while (cut) {
        mended.await();
      }
    } finally {
      lock.unlock();
    }
  }

  private void accept() throws IOException {
    while (true) {
      Socket near = server.accept();
      sockets.add(near);
      start("relay connection", () -> connect(near));
    }
  }

  private void connect(Socket near) throws IOException, InterruptedException {
    awaitPassage();
    Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
    sockets.add(far);
    start("relay back", () -> pump(far, near));
    pump(near, far);
  }

  /** Copies one direction; closes both when one end has closed. */
  private void pump(Socket from, Socket to) throws IOException, InterruptedException {
    byte[] chunk = new byte[CHUNK];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
        awaitPassage();
        out.write(chunk, 0, length);
      }
    } finally {
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private static void start(String name, Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException e) {
                // One of the two programs, or the relay itself, has closed the connection.
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    server.close();
    mend();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
