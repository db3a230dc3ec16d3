package io.tagstream.job.sink;

import io.tagstream.job.flow.ModelNews;
import io.tagstream.schemas.Confusion;
import io.tagstream.schemas.GateVerdict;
import io.tagstream.schemas.ModelUpdate;
import io.tagstream.schemas.WireFormat;
import java.util.Optional;
import org.apache.flink.api.common.serialization.SerializationSchema;

/** What happened to models, as {@code model-updates} has it. */
final class ModelUpdateRecords implements SerializationSchema<ModelNews> {
  private static final long serialVersionUID = 1L;
  private transient WireFormat<ModelUpdate> format;

  @Override
  public void open(InitializationContext context) {
    format = WireFormat.of(ModelUpdate.class);
  }

  @Override
  public byte[] serialize(ModelNews news) {
    return format.encode(
        ModelUpdate.newBuilder()
            .setStatus(news.status().word())
            .setVersion(news.version())
            .setBy(news.by())
            .setReason(news.reason())
            .setAt(news.at())
            .setVerdict(
                Optional.ofNullable(news.judgement()).map(ModelUpdateRecords::verdict).orElse(null))
            .build());
  }

  private static GateVerdict verdict(ModelNews.Judgement judgement) {
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
                .map(cell -> new Confusion(cell.label(), cell.answer(), cell.images()))
                .toList())
        .build();
  }
}
