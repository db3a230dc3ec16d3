package io.tagstream.job.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tagstream.job.flow.ModelNews;
import io.tagstream.job.flow.Reason;
import io.tagstream.schemas.Confusion;
import io.tagstream.schemas.GateVerdict;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.RecordLimit;
import io.tagstream.schemas.WireFormat;
import java.util.Optional;
import org.apache.flink.api.common.serialization.SerializationSchema;

/**
 * Serializes announcements for {@code model-updates}. If a confusion matrix does not fit the topic,
 * its smallest cells are left out.
 */
final class ModelUpdateRecords implements SerializationSchema<ModelNews> {
  private static final long serialVersionUID = 1L;
  private final RecordLimit limit;
  private transient WireFormat<ModelUpdate> format;
  private transient long largestBatch;

  ModelUpdateRecords(RecordLimit limit) {
    this.limit = limit;
  }

  @Override
  public void open(InitializationContext context) {
    format = WireFormat.of(ModelUpdate.class);
    largestBatch = limit.largestBatch();
  }

  @Override
  public byte[] serialize(ModelNews news) {
    Optional<ModelNews.Judgement> judgement = Optional.ofNullable(news.judgement());
    int cells = judgement.map(given -> given.confusion().size()).orElse(0);
    int key = news.version().getBytes(UTF_8).length;
    byte[] value = encode(news, judgement, cells);
    while (!RecordLimit.allows(largestBatch, key, value.length)) {
      if (cells == 0) {
        throw new RecordTooLargeFailure(
            "the news of model " + news.version(), key + value.length, limit, largestBatch);
      }
      cells /= 2;
      value = encode(news, judgement, cells);
    }
    return value;
  }

  private byte[] encode(ModelNews news, Optional<ModelNews.Judgement> judgement, int cells) {
    return format.encode(
        ModelUpdate.newBuilder()
            .setStatus(news.status().word())
            .setVersion(news.version())
            .setBy(news.by())
            .setReason(Reason.of(news.reason()))
            .setAt(news.at())
            .setVerdict(judgement.map(given -> verdict(given, cells)).orElse(null))
            .build());
  }

  private static GateVerdict verdict(ModelNews.Judgement judgement, int cells) {
    return GateVerdict.newBuilder()
        .setDecision(judgement.decision())
        .setHeldOut(judgement.heldOut())
        .setTop1(judgement.top1())
        .setTop5(judgement.top5())
        .setIncumbent(judgement.incumbent())
        .setIncumbentTop1(judgement.incumbentTop1())
        .setIncumbentTop5(judgement.incumbentTop5())
        .setB(judgement.b())
        .setC(judgement.c())
        .setP(judgement.p())
        .setConfusion(
            judgement.confusion().stream()
                .limit(cells)
                .map(cell -> new Confusion(cell.label(), cell.answer(), cell.images()))
                .toList())
        .build();
  }
}
