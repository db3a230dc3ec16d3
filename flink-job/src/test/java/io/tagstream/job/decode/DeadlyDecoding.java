package io.tagstream.job.decode;

import io.tagstream.job.flow.CropGeometry;
import io.tagstream.job.suspects.NotePlace;
import io.tagstream.job.suspects.Notes;
import io.tagstream.model.image.UnreadableImageException;
import io.tagstream.schemas.Topics;
import io.tagstream.settings.ImageSettings;
import java.io.Serializable;

/** Decode operators that a test makes end the process. */
public final class DeadlyDecoding {
  private DeadlyDecoding() {}

  /** Called with each encoded image before it is decoded; may end the process. */
  @FunctionalInterface
  public interface Trap extends Serializable {
    void see(byte[] content);
  }

  /** The job's decode operator with a trap in front of the decoder. */
  public static DecodeOperator operator(
      CropGeometry geometry, ImageSettings limits, NotePlace place, Trap trap) {
    return new DecodeOperator(
        notes -> new TrappedReader(geometry, limits, notes, trap), new Topics(""), place);
  }

  private static final class TrappedReader extends ImageReader {
    private final Trap trap;

    TrappedReader(CropGeometry geometry, ImageSettings limits, Notes notes, Trap trap) {
      super(geometry, 1, limits, notes);
      this.trap = trap;
    }

    @Override
    byte[] decode(byte[] content) throws UnreadableImageException {
      trap.see(content);
      return super.decode(content);
    }
  }
}
