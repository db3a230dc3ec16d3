package io.tagstream.local;

import io.tagstream.settings.UsageException;
import io.tagstream.settings.UserException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Chooses ports on this machine, and finds the process that occupies one. */
final class LocalPorts {

  private static final Path PROC = Path.of("/proc");
  private static final int MAX_PORT = 65_535;
  private static final String LISTEN = "0A";

  private LocalPorts() {}

  /**
   * Returns the requested port, or a free one for 0.
   *
   * @param host the address
   * @param option the option with which the user chooses the port, for the message
   * @throws UsageException when the number is not a port
   * @throws UserException when the port is in use, or the address is not this machine's
   */
  static int choose(String host, int port, String option) {
    if (port < 0 || port > MAX_PORT) {
      throw new UsageException("%s %d: ports go from 0 to %d".formatted(option, port, MAX_PORT));
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
      return socket.getLocalPort();
    } catch (UnknownHostException e) {
      throw new UserException("no address is known for %s; check --host".formatted(host), e);
    } catch (IOException e) {
      throw new UserException(
          "port %d is in use by %s; choose another with %s N"
              .formatted(port, listener(port).orElse("another program"), option));
    }
  }

  /** The program that listens on a port, if the system reveals it. */
  private static Optional<String> listener(int port) {
    try {
      Optional<String> inode = inode(port);
      return inode.isEmpty() ? Optional.empty() : owner("socket:[" + inode.get() + "]");
    } catch (IOException e) {
      // Only Linux has these files, and they show only processes of this user.
      return Optional.empty();
    }
  }

  private static Optional<String> inode(int port) throws IOException {
    String suffix = ":%04X".formatted(port);
    for (String table : List.of("net/tcp", "net/tcp6")) {
      for (String line : Files.readAllLines(PROC.resolve(table))) {
        List<String> fields = List.of(line.strip().split("\\s+"));
        if (fields.size() > 9 && fields.get(1).endsWith(suffix) && fields.get(3).equals(LISTEN)) {
          return Optional.of(fields.get(9));
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<String> owner(String socket) throws IOException {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path process : processes) {
        if (holds(process.resolve("fd"), socket)) {
          String name = Files.readString(process.resolve("comm")).strip();
          return Optional.of("%s (process %s)".formatted(name, process.getFileName()));
        }
      }
    }
    return Optional.empty();
  }

  private static boolean holds(Path descriptors, String socket) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(descriptors)) {
      for (Path file : files) {
        if (Files.readSymbolicLink(file).toString().equals(socket)) {
          return true;
        }
      }
    } catch (IOException e) {
      // The process belongs to another user or has just ended.
      return false;
    }
    return false;
  }
}
