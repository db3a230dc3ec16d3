package io.tagstream.model.image;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Recognises formats that are not decoded, so that a rejection names the format. */
final class ForeignFormat {

  private record Signature(String name, int at, String magic) {}

  /** In order: the first match counts. */
  private static final List<Signature> SIGNATURES =
      List.of(
          new Signature("JPEG XL", 0, "\u00ff\n"),
          new Signature("JPEG XL", 4, "JXL \r\n\u0087\n"),
          new Signature("JPEG 2000", 4, "jP  \r\n\u0087\n"),
          new Signature("JPEG 2000", 0, "\u00ffO\u00ffQ"),
          new Signature("JPEG XR", 0, "II\u00bc\u0001"),
          new Signature("PSD", 0, "8BPS\0\1"),
          new Signature("PSB", 0, "8BPS\0\2"),
          new Signature("GIMP XCF", 0, "gimp xcf"),
          new Signature("ICO", 0, "\0\0\1\0"),
          new Signature("CUR", 0, "\0\0\2\0"),
          new Signature("ICNS", 0, "icns"),
          new Signature("MNG", 0, "\u008aMNG"),
          new Signature("JNG", 0, "\u008bJNG"),
          new Signature("OpenEXR", 0, "v/1\1"),
          new Signature("Radiance HDR", 0, "#?RADIANCE"),
          new Signature("Radiance HDR", 0, "#?RGBE"),
          new Signature("DDS", 0, "DDS "),
          new Signature("KTX", 0, "\u00abKTX "),
          new Signature("QOI", 0, "qoif"),
          new Signature("FLIF", 0, "FLIF"),
          new Signature("BPG", 0, "BPG\u00fb"),
          new Signature("farbfeld", 0, "farbfeld"),
          new Signature("DPX", 0, "SDPX"),
          new Signature("DPX", 0, "XPDS"),
          new Signature("Cineon", 0, "\u0080*_\u00d7"),
          new Signature("SGI image", 0, "\1\u00da"),
          new Signature("Sun raster", 0, "Y\u00a6j\u0095"),
          new Signature("PCX", 0, "\n\5\1"),
          new Signature("XPM", 0, "/* XPM"),
          new Signature("IFF image", 8, "ILBM"),
          new Signature("DjVu", 0, "AT&TFORM"),
          new Signature("DICOM", 128, "DICM"),
          new Signature("FITS", 0, "SIMPLE  ="),
          new Signature("WMF", 0, "\u00d7\u00cd\u00c6\u009a"),
          new Signature("EMF", 40, " EMF"),
          new Signature("EPS", 0, "\u00c5\u00d0\u00d3\u00c6"),
          new Signature("Fujifilm RAF", 0, "FUJIFILMCCD-RAW"),
          new Signature("Olympus ORF", 0, "IIRO"),
          new Signature("Olympus ORF", 0, "IIRS"),
          new Signature("Olympus ORF", 0, "MMOR"),
          new Signature("Panasonic RW2", 0, "IIU\0"),
          new Signature("Minolta MRW", 0, "\0MRM"),
          new Signature("Sigma X3F", 0, "FOVb"),
          new Signature("AVI", 8, "AVI "),
          new Signature("WAV", 8, "WAVE"),
          new Signature("WebM or Matroska", 0, "\u001aE\u00df\u00a3"),
          new Signature("Ogg", 0, "OggS"),
          new Signature("FLV", 0, "FLV\1"),
          new Signature("Windows Media", 0, "0&\u00b2u\u008ef\u00cf\u0011"),
          new Signature("MPEG video", 0, "\0\0\1\u00ba"),
          new Signature("MPEG video", 0, "\0\0\1\u00b3"),
          new Signature("FLAC", 0, "fLaC"),
          new Signature("MP3", 0, "ID3"),
          new Signature("MP3", 0, "\u00ff\u00fb"),
          new Signature("gzip", 0, "\u001f\u008b"),
          new Signature("zip", 0, "PK\3\4"),
          new Signature("zip", 0, "PK\5\6"),
          new Signature("7-Zip", 0, "7z\u00bc\u00af'\u001c"),
          new Signature("RAR", 0, "Rar!\u001a\7"),
          new Signature("xz", 0, "\u00fd7zXZ\0"),
          new Signature("bzip2", 0, "BZh"),
          new Signature("Zstandard", 0, "(\u00b5/\u00fd"),
          new Signature("LZ4", 0, "\4\"M\u0018"),
          new Signature("tar", 257, "ustar"),
          new Signature("Avro file", 0, "Obj\1"),
          new Signature("Parquet", 0, "PAR1"),
          new Signature("HDF5", 0, "\u0089HDF"),
          new Signature("NumPy array", 0, "\u0093NUMPY"),
          new Signature("SQLite", 0, "SQLite format"),
          new Signature("OLE document", 0, "\u00d0\u00cf\u0011\u00e0"),
          new Signature("Flash", 0, "FWS"),
          new Signature("Flash", 0, "CWS"),
          new Signature("Windows program", 0, "MZ"),
          new Signature("ELF program", 0, "\u007fELF"),
          new Signature("Java class", 0, "\u00ca\u00fe\u00ba\u00be"));

  private static final String TGA_FOOTER = "TRUEVISION-XFILE.\0";

  /** The first boxes of a QuickTime file that has no brand of a newer format. */
  private static final Set<String> QUICKTIME_BOXES = Set.of("moov", "mdat", "wide", "pnot");

  private static final Set<String> HEIC_BRANDS =
      Set.of("heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs");
  private static final Set<String> AVIF_BRANDS = Set.of("avif", "avis");
  private static final Set<String> HEIF_BRANDS = Set.of("mif1", "mif2", "msf1", "miaf");

  private ForeignFormat() {}

  /** The name of the content's format, if it is known. */
  static Optional<String> nameOf(EncodedBytes bytes) {
    if (bytes.matches(4, "ftyp")) {
      return Optional.of(ofBrands(bytes));
    }
    if (QUICKTIME_BOXES.contains(bytes.latin(4, 4))) {
      return Optional.of("QuickTime");
    }
    for (Signature signature : SIGNATURES) {
      if (bytes.matches(signature.at, signature.magic)) {
        return Optional.of(signature.name);
      }
    }
    if (bytes.matches(bytes.length() - TGA_FOOTER.length(), TGA_FOOTER)) {
      return Optional.of("TGA");
    }
    return ForeignText.nameOf(bytes);
  }

  /** The format of an ISO media file, from the brands in its first box. */
  private static String ofBrands(EncodedBytes bytes) {
    String major = bytes.latin(8, 4);
    if (HEIF_BRANDS.contains(major)) {
      // Brands that name the image coding are among the compatible brands.
      for (int at = 16; at < 64; at += 4) {
        String name = ofBrand(bytes.latin(at, 4));
        if (name.equals("HEIC") || name.equals("AVIF")) {
          return name;
        }
      }
    }
    return ofBrand(major);
  }

  private static String ofBrand(String brand) {
    if (HEIC_BRANDS.contains(brand)) {
      return "HEIC";
    }
    if (AVIF_BRANDS.contains(brand)) {
      return "AVIF";
    }
    if (HEIF_BRANDS.contains(brand)) {
      return "HEIF";
    }
    return switch (brand) {
      case "crx " -> "Canon CR3";
      case "jp2 " -> "JPEG 2000";
      case "qt  " -> "QuickTime";
      default -> "MP4";
    };
  }
}
