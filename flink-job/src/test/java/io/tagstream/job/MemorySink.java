package io.tagstream.job;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Transactions in memory: elements become visible when their checkpoint completes, and a repeated
 * commit adds them once. The lines are static to this JVM, so they are shared when the sink is
 * serialized with a job's graph.
 */
final class MemorySink<T> implements Sink<T>, SupportsCommitter<MemorySink.Transaction> {
  private static final long serialVersionUID = 1L;
  private static final Map<Integer, List<String>> COMMITTED = new ConcurrentHashMap<>();
  private static final Set<String> TRANSACTIONS = ConcurrentHashMap.newKeySet();
  private static final AtomicInteger NEXT = new AtomicInteger();

  /** Formats an element for a test's assertions. */
  interface Line<T> extends Function<T, String>, Serializable {}

  record Transaction(String id, List<String> lines) {}

  private final int id = NEXT.incrementAndGet();
  private final Line<T> line;

  MemorySink(Line<T> line) {
    this.line = line;
    COMMITTED.put(id, new CopyOnWriteArrayList<>());
  }

  List<String> committed() {
    return COMMITTED.get(id);
  }

  @Override
  public CommittingSinkWriter<T, Transaction> createWriter(WriterInitContext context) {
    return new CommittingSinkWriter<>() {
      private List<String> open = new ArrayList<>();

      @Override
      public void write(T element, Context written) {
        open.add(line.apply(element));
      }

      @Override
      public void flush(boolean endOfInput) {}

      @Override
      public Collection<Transaction> prepareCommit() {
        Transaction transaction = new Transaction(UUID.randomUUID().toString(), open);
        open = new ArrayList<>();
        return List.of(transaction);
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public Committer<Transaction> createCommitter(CommitterInitContext context) {
    int sink = id;
    return new Committer<>() {
      @Override
      public void commit(Collection<CommitRequest<Transaction>> requests) {
        for (CommitRequest<Transaction> request : requests) {
          if (TRANSACTIONS.add(request.getCommittable().id())) {
            COMMITTED.get(sink).addAll(request.getCommittable().lines());
          }
        }
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public SimpleVersionedSerializer<Transaction> getCommittableSerializer() {
    return new SimpleVersionedSerializer<>() {
      @Override
      public int getVersion() {
        return 1;
      }

      @Override
      public byte[] serialize(Transaction transaction) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF(transaction.id());
        out.writeInt(transaction.lines().size());
        for (String text : transaction.lines()) {
          out.writeUTF(text);
        }
        return bytes.toByteArray();
      }

      @Override
      public Transaction deserialize(int version, byte[] serialized) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized));
        String transaction = in.readUTF();
        int count = in.readInt();
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          lines.add(in.readUTF());
        }
        return new Transaction(transaction, lines);
      }
    };
  }
}
