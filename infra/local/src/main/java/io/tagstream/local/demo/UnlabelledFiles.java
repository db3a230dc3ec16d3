package io.tagstream.local.demo;

import io.tagstream.model.training.Dataset;
import io.tagstream.producers.ImageFile;
import io.tagstream.schemas.Image;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Images without labels; all of them are streamed. */
record UnlabelledFiles(String where, List<ImageFile> files) implements DemoImages {
  UnlabelledFiles {
    files = List.copyOf(files);
  }

  @Override
  public String description() {
    return "%d images of %s".formatted(files.size(), where);
  }

  @Override
  public List<String> labels() {
    return List.of();
  }

  @Override
  public Optional<Dataset> training() {
    return Optional.empty();
  }

  @Override
  public Image image(long number, String id) throws IOException {
    return files.get((int) (number % files.size())).read(id);
  }

  @Override
  public String name(long number) {
    long round = number / files.size();
    String name = files.get((int) (number % files.size())).name();
    return round == 0 ? name : "%s#%d".formatted(name, round + 1);
  }
}
