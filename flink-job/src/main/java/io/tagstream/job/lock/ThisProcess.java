package io.tagstream.job.lock;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Describes this process, so that a user can find it. */
public final class ThisProcess {
  private ThisProcess() {}

  /**
   * Process id, host and time, for messages.
   *
   * @param since when the process took the lock
   */
  public static String since(Instant since) {
    return "process %d on %s (since %s)"
        .formatted(ProcessHandle.current().pid(), host(), since.truncatedTo(ChronoUnit.SECONDS));
  }

  static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "this host";
    }
  }
}
