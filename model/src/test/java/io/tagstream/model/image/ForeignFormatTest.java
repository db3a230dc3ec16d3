package io.tagstream.model.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rejection of an unsupported format names the format. */
class ForeignFormatTest {

  @ParameterizedTest
  @CsvSource({
    "HEIC, 00000018 66747970 68656963 00000000 6d696631 68656963",
    "HEIC, 00000018 66747970 6d696631 00000000 6d696631 68656963",
    "HEIF, 00000018 66747970 6d696631 00000000 6d696631 6d696166",
    "AVIF, 0000001c 66747970 61766966 00000000 61766966 6d696631",
    "AVIF, 0000001c 66747970 6d696631 00000000 6d696631 61766966",
    "AVIF, 0000001c 66747970 61766973 00000000 61766973 6d736631",
    "MP4, 00000018 66747970 6d703432 00000000 6d703432 69736f6d",
    "MP4, 00000018 66747970 69736f6d 00000200 69736f6d 69736f32",
    "QuickTime, 00000014 66747970 71742020 00000000 71742020 00000000",
    "QuickTime, 00000008 77696465 00a00000 6d646174 00000000 00000000",
    "Canon CR3, 00000018 66747970 63727820 00000001 63727820 69736f6d",
    "JPEG XL, ff0a fa1f 0000 0000 0000 0000 0000 0000",
    "JPEG XL, 0000000c 4a584c20 0d0a870a 00000014 66747970 6a786c20",
    "JPEG 2000, 0000000c 6a502020 0d0a870a 00000014 66747970 6a703220",
    "JPEG 2000, ff4fff51 002f0000 00000000 00000000 00000000 00000000",
    "JPEG XR, 4949bc01 20000000 00000000 00000000 00000000 00000000",
    "PSD, 38425053 00010000 00000000 00030000 00010000 00010008",
    "ICO, 00000100 01001010 00000100 20006804 00001600 00000000",
    "CUR, 00000200 01001010 00000100 20006804 00001600 00000000",
    "gzip, 1f8b0800 00000000 0003cb48 cdc9c907 00000000 00000000",
    "zip, 504b0304 14000000 00000000 00000000 00000000 00000000",
    "zip, 504b0506 00000000 00000000 00000000 00000000 00000000",
    "7-Zip, 377abcaf 271c0004 00000000 00000000 00000000 00000000",
    "RAR, 52617221 1a0701 00 00000000 00000000 00000000 00000000",
    "xz, fd377a58 5a000004 00000000 00000000 00000000 00000000",
    "bzip2, 425a6839 31415926 53590000 00000000 00000000 00000000",
    "Zstandard, 28b52ffd 04000000 00000000 00000000 00000000 00000000",
    "WebM or Matroska, 1a45dfa3 9f428681 01000000 00000000 00000000 00000000",
    "AVI, 52494646 00100000 41564920 4c495354 00000000 00000000",
    "WAV, 52494646 00100000 57415645 666d7420 00000000 00000000",
    "Ogg, 4f676753 00020000 00000000 00000000 00000000 00000000",
    "MNG, 8a4d4e47 0d0a1a0a 00000000 00000000 00000000 00000000",
    "JNG, 8b4a4e47 0d0a1a0a 00000000 00000000 00000000 00000000",
    "OpenEXR, 762f3101 02000000 00000000 00000000 00000000 00000000",
    "DDS, 44445320 7c000000 00000000 00000000 00000000 00000000",
    "KTX, ab4b5458 20323020 bb0d0a1a 0a000000 00000000 00000000",
    "BPG, 425047fb 20008000 00000000 00000000 00000000 00000000",
    "WMF, d7cdc69a 00000000 00000000 00000000 00000000 00000000",
    "Windows program, 4d5a9000 03000000 04000000 ffff0000 00000000 00000000",
    "ELF program, 7f454c46 02010100 00000000 00000000 00000000 00000000",
    "Avro file, 4f626a01 04166176 726f2e73 00000000 00000000 00000000",
    "EPS, c5d0d3c6 1e000000 00000000 00000000 00000000 00000000"
  })
  void binaryFormatsAreNamed(String name, String hex) {
    byte[] content = HexFormat.of().parseHex(hex.replace(" ", ""));

    assertThat(refuse(content)).isEqualTo("unsupported format: " + name);
    assertThat(refuse(Arrays.copyOf(content, 4000))).isEqualTo("unsupported format: " + name);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SVG|<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        "SVG|<?xml version=\"1.0\"?><!-- drawn --> <!DOCTYPE svg PUBLIC \"x\"><svg width=\"1\">",
        "SVG|<?xml version=\"1.0\"?><svg:svg xmlns:svg=\"http://www.w3.org/2000/svg\"/>",
        "HTML|<!DOCTYPE html><html><head><title>404</title><svg></svg>",
        "HTML|<html>no picture</html>",
        "HTML|<HTML><BODY>no picture</BODY></HTML>",
        "HTML|<!-- x --><html>",
        "XML|<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>",
        "PDF|%PDF-1.7 etc.",
        "PostScript|%!PS-Adobe-3.0 EPSF-3.0",
        "JSON|{\"error\": \"not found\"}",
        "data URI|data:image/png;base64,iVBORw0KGgoAAAANSUhEUg",
        "Netpbm|P6 10 10 255 ",
        "Netpbm|P3 10 10 255 ",
        "Radiance HDR|#?RADIANCE",
        "XPM|/* XPM */ static char",
        "GIMP XCF|gimp xcf v011",
        "QOI|qoif    ",
        "FLIF|FLIFD3",
        "DjVu|AT&TFORM    DJVMDIRM",
        "Fujifilm RAF|FUJIFILMCCD-RAW 0201",
        "FITS|SIMPLE  =                    T"
      })
  void textFormatsAreNamed(String name, String text) {
    assertThat(refuse(text.getBytes(UTF_8))).isEqualTo("unsupported format: " + name);
    assertThat(refuse((text + "\n" + "x".repeat(4000)).getBytes(UTF_8)))
        .isEqualTo("unsupported format: " + name);
  }

  @ParameterizedTest
  @CsvSource({"SVG, <svg/>", "HTML, <html>", "XML, <error/>", "JSON, {}"})
  void textMayBeginWithSpaceAndAByteOrderMark(String name, String text) {
    assertThat(refuse(("\ufeff \r\n\t" + text).getBytes(UTF_8)))
        .isEqualTo("unsupported format: " + name);
  }

  @Test
  void aPictureInBase64IsNamed() {
    for (String format : new String[] {"jpg", "png", "gif", "bmp"}) {
      byte[] picture = TestPictures.encode(TestPictures.quadrants(), format);
      assertThat(refuse(Base64.getEncoder().encode(picture)))
          .as(format)
          .isEqualTo("unsupported format: base64 text");
    }
  }

  @Test
  void whatLiesFurtherInIsFound() {
    byte[] dicom = new byte[200];
    System.arraycopy("DICM".getBytes(ISO_8859_1), 0, dicom, 128, 4);
    byte[] tar = new byte[1024];
    System.arraycopy("photo.jpg".getBytes(ISO_8859_1), 0, tar, 0, 9);
    System.arraycopy("ustar".getBytes(ISO_8859_1), 0, tar, 257, 5);
    byte[] tga = new byte[100];
    System.arraycopy("TRUEVISION-XFILE.\0".getBytes(ISO_8859_1), 0, tga, 82, 18);
    byte[] emf = new byte[100];
    emf[0] = 1;
    System.arraycopy(" EMF".getBytes(ISO_8859_1), 0, emf, 40, 4);

    assertThat(refuse(dicom)).isEqualTo("unsupported format: DICOM");
    assertThat(refuse(tar)).isEqualTo("unsupported format: tar");
    assertThat(refuse(tga)).isEqualTo("unsupported format: TGA");
    assertThat(refuse(emf)).isEqualTo("unsupported format: EMF");
  }

  @Test
  void theRestIsShown() {
    assertThat(refuse(new byte[] {1, 2, 3}))
        .isEqualTo("no JPEG, PNG, GIF, WebP, BMP or TIFF: it begins with 01 02 03");
    assertThat(refuse("picture".getBytes(UTF_16)))
        .isEqualTo("no JPEG, PNG, GIF, WebP, BMP or TIFF: it begins with fe ff 00 70 00 69 00 63");
  }

  @ParameterizedTest
  @CsvSource({
    // The frame header's marker, the bits per sample.
    "c3, 08, lossless",
    "c3, 0c, lossless",
    "c5, 08, hierarchical",
    "c6, 08, hierarchical",
    "c7, 08, hierarchical",
    "cb, 08, 'lossless, arithmetic codes'",
    "cd, 08, hierarchical",
    "ce, 08, hierarchical",
    "cf, 08, hierarchical",
    "f7, 08, JPEG-LS",
    "c0, 0c, 12 bits a sample",
    "c1, 0c, 12 bits a sample",
    "c2, 0c, 12 bits a sample"
  })
  void kindsOfJpegAreNamed(String marker, String bits, String what) {
    String hex = "ffd8 ff%s 0011 %s 0040 0060 03 01 11 00 02 11 00 03 11 00 ffda";

    assertThat(refuse(HexFormat.of().parseHex(hex.formatted(marker, bits).replace(" ", ""))))
        .isEqualTo("unsupported JPEG: " + what);
  }

  private static String refuse(byte[] content) {
    UnreadableImageException refused =
        catchThrowableOfType(UnreadableImageException.class, () -> ImageHeader.read(content));
    assertThat(refused.stage()).isEqualTo(UnreadableImageException.Stage.DECODE);
    return refused.reason();
  }
}
