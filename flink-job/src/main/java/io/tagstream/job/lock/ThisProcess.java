package io.tagstream.job.lock;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Says which process this is, to somebody who looks for it. */
public final class ThisProcess {
  private ThisProcess() {}

  /**
   * Process, host and time in words.
   *
   * @param since when it took what another one wants
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
