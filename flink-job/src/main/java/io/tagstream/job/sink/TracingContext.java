package io.tagstream.job.sink;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobInfo;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.util.UserCodeClassLoader;
import org.apache.flink.util.function.ThrowingRunnable;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * The task's context for Kafka's writer, with two additions of ours.
 *
 * @param sent receives the coordinates of each written record, on the producer's thread
 * @param outage converts the failures that the writer reports by mail, because those do not pass
 *     through our methods
 */
record TracingContext(WriterInitContext task, Consumer<RecordMetadata> sent, Outage outage)
    implements WriterInitContext {

  @Override
  public <MetaT> Optional<Consumer<MetaT>> metadataConsumer() {
    return Optional.of(
        metadata -> {
          if (metadata instanceof RecordMetadata record) {
            sent.accept(record);
          }
        });
  }

  @Override
  public MailboxExecutor getMailboxExecutor() {
    return new JudgingMailbox(task.getMailboxExecutor(), outage);
  }

  private record JudgingMailbox(MailboxExecutor mailbox, Outage outage) implements MailboxExecutor {

    @Override
    public void execute(
        MailOptions options,
        ThrowingRunnable<? extends Exception> command,
        String description,
        Object... arguments) {
      mailbox.execute(
          options,
          () -> {
            try {
              command.run();
            } catch (Exception e) {
              throw outage.orRethrow(e);
            }
          },
          description,
          arguments);
    }

    @Override
    public void yield() throws InterruptedException {
      mailbox.yield();
    }

    @Override
    public boolean tryYield() {
      return mailbox.tryYield();
    }

    @Override
    public boolean shouldInterrupt() {
      return mailbox.shouldInterrupt();
    }
  }

  @Override
  public UserCodeClassLoader getUserCodeClassLoader() {
    return task.getUserCodeClassLoader();
  }

  @Override
  public ProcessingTimeService getProcessingTimeService() {
    return task.getProcessingTimeService();
  }

  @Override
  public SinkWriterMetricGroup metricGroup() {
    return task.metricGroup();
  }

  @Override
  public SerializationSchema.InitializationContext asSerializationSchemaInitializationContext() {
    return task.asSerializationSchemaInitializationContext();
  }

  @Override
  public boolean isObjectReuseEnabled() {
    return task.isObjectReuseEnabled();
  }

  @Override
  public <T> TypeSerializer<T> createInputSerializer() {
    return task.createInputSerializer();
  }

  @Override
  public OptionalLong getRestoredCheckpointId() {
    return task.getRestoredCheckpointId();
  }

  @Override
  public JobInfo getJobInfo() {
    return task.getJobInfo();
  }

  @Override
  public TaskInfo getTaskInfo() {
    return task.getTaskInfo();
  }
}
