package io.tagstream.model.image;

import static io.tagstream.model.image.ImageFormat.JPEG;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Tracks what a JPEG's scans contain: together they must give each coefficient of each component
 * down to its last bit, otherwise the file was cut between two scans.
 */
final class ScanScript {
  private static final int BLOCK_COEFFICIENTS = 64;
  private static final int NOTHING_YET = -1;

  private final EncodedBytes bytes;
  private final boolean progressive;

  /** By component: the number of low bits of each coefficient that are still missing. */
  private final Map<Integer, int[]> missingBits = new HashMap<>();

  /**
   * @param frame the position of the frame header's marker
   */
  ScanScript(EncodedBytes bytes, int frame) throws UnreadableImageException {
    this.bytes = bytes;
    int code = bytes.unsignedByte(frame + 1);
    // Progressive, with Huffman or arithmetic codes.
    progressive = code == 0xc2 || code == 0xca;
    int count = bytes.unsignedByte(frame + 9);
    for (int i = 0; i < count; i++) {
      int[] missing = new int[BLOCK_COEFFICIENTS];
      Arrays.fill(missing, NOTHING_YET);
      missingBits.put(bytes.unsignedByte(frame + 10 + 3 * i), missing);
    }
  }

  /** Adds the scan whose marker is at {@code marker}. */
  void add(int marker) throws UnreadableImageException {
    int count = bytes.unsignedByte(marker + 4);
    int selection = marker + 5 + 2 * count;
    int first = progressive ? bytes.unsignedByte(selection) : 0;
    int last = progressive ? bytes.unsignedByte(selection + 1) : BLOCK_COEFFICIENTS - 1;
    int low = progressive ? bytes.unsignedByte(selection + 2) & 15 : 0;
    if (first > last || last >= BLOCK_COEFFICIENTS) {
      throw ImageFile.broken(JPEG, "a scan of coefficients %d to %d".formatted(first, last));
    }
    for (int i = 0; i < count; i++) {
      int component = bytes.unsignedByte(marker + 5 + 2 * i);
      int[] missing = missingBits.get(component);
      if (missing == null) {
        throw ImageFile.broken(
            JPEG, "a scan of component %d, not in its frame".formatted(component));
      }
      Arrays.fill(missing, first, last + 1, low);
    }
  }

  /**
   * Checks the result after the last scan.
   *
   * @throws UnreadableImageException if a coefficient, or a bit of one, is missing
   */
  void checkComplete() throws UnreadableImageException {
    for (Map.Entry<Integer, int[]> component : missingBits.entrySet()) {
      if (Arrays.stream(component.getValue()).anyMatch(bits -> bits != 0)) {
        throw ImageFile.broken(
            JPEG, "scans are missing: component %d is incomplete".formatted(component.getKey()));
      }
    }
  }
}
