package io.tagstream.model.image;

import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Recognises text formats: drawings, and pages that a server sent instead of an image. */
final class ForeignText {
  /** The number of bytes from the start that are searched. */
  private static final int SEARCHED_BYTES = 4_096;

  private static final int BASE64_SAMPLE = 64;

  private static final String BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

  private static final Set<String> HTML_TAGS =
      Set.of("html", "head", "body", "title", "meta", "script", "style", "div", "p", "h1", "a");

  /** The first characters of encoded images in base64. */
  private static final List<String> BASE64_PICTURES =
      List.of("/9j/", "_9j_", "iVBORw0KGgo", "R0lGOD", "UklGR", "Qk", "SUkqA", "TU0AK");

  private ForeignText() {}

  static Optional<String> nameOf(EncodedBytes bytes) {
    String text = bytes.latin(0, SEARCHED_BYTES);
    if (text.startsWith(BYTE_ORDER_MARK)) {
      text = text.substring(BYTE_ORDER_MARK.length());
    }
    text = text.stripLeading();
    if (text.startsWith("<")) {
      return ofMarkup(text);
    }
    if (text.startsWith("%PDF-")) {
      return Optional.of("PDF");
    }
    if (text.startsWith("%!PS")) {
      return Optional.of("PostScript");
    }
    if (text.startsWith("{\\rtf")) {
      return Optional.of("RTF");
    }
    if (text.startsWith("data:")) {
      return Optional.of("data URI");
    }
    if (isNetpbm(text)) {
      return Optional.of("Netpbm");
    }
    if (isJson(text)) {
      return Optional.of("JSON");
    }
    return isBase64(text) ? Optional.of("base64 text") : Optional.empty();
  }

  /** Finds the first element, after declarations and comments. */
  private static Optional<String> ofMarkup(String text) {
    String rest = text;
    boolean declared = false;
    while (true) {
      if (rest.startsWith("<?")) {
        declared |= rest.startsWith("<?xml");
        rest = after(rest, "?>");
      } else if (rest.startsWith("<!--")) {
        rest = after(rest, "-->");
      } else if (rest.startsWith("<!")) {
        String type = rest.toLowerCase(Locale.ROOT);
        if (type.startsWith("<!doctype svg")) {
          return Optional.of("SVG");
        }
        if (type.startsWith("<!doctype html")) {
          return Optional.of("HTML");
        }
        declared = true;
        rest = after(rest, ">");
      } else {
        return ofElement(rest, declared);
      }
    }
  }

  private static String after(String text, String end) {
    int at = text.indexOf(end);
    return at < 0 ? "" : text.substring(at + end.length()).stripLeading();
  }

  private static Optional<String> ofElement(String text, boolean declared) {
    int end = 1;
    while (end < text.length() && isNameCharacter(text.charAt(end))) {
      end++;
    }
    String name = text.isEmpty() ? "" : text.substring(1, end).toLowerCase(Locale.ROOT);
    // Drop the namespace prefix.
    String local = name.substring(name.indexOf(':') + 1);
    if (local.equals("svg")) {
      return Optional.of("SVG");
    }
    if (HTML_TAGS.contains(name)) {
      return Optional.of("HTML");
    }
    return declared || (text.startsWith("<") && !local.isEmpty())
        ? Optional.of("XML")
        : Optional.empty();
  }

  private static boolean isNameCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':';
  }

  private static boolean isNetpbm(String text) {
    return text.length() > 2
        && text.charAt(0) == 'P'
        && "1234567Ff".indexOf(text.charAt(1)) >= 0
        && Character.isWhitespace(text.charAt(2));
  }

  private static boolean isJson(String text) {
    if (!text.startsWith("{") && !text.startsWith("[")) {
      return false;
    }
    String inside = text.substring(1).stripLeading();
    return !inside.isEmpty()
        && (text.startsWith("{") ? "\"}" : "\"{[]-0123456789tfn").indexOf(inside.charAt(0)) >= 0;
  }

  private static boolean isBase64(String text) {
    String start = text.substring(0, Math.min(BASE64_SAMPLE, text.length()));
    if (BASE64_PICTURES.stream().noneMatch(start::startsWith)) {
      return false;
    }
    String whole = start.replace('-', '+').replace('_', '/').replaceAll("\\s", "");
    try {
      return Base64.getDecoder().decode(whole.substring(0, whole.length() / 4 * 4)).length > 0;
    } catch (IllegalArgumentException noBase64) {
      return false;
    }
  }
}
