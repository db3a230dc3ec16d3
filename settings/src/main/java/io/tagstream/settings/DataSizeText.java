package io.tagstream.settings;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts the size after a command-line option: {@code 512 MiB}. */
public final class DataSizeText implements ITypeConverter<DataSize> {
  @Override
  public DataSize convert(String text) {
    try {
      return DataSize.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException("'" + text + "': " + e.getMessage());
    }
  }
}
