package io.tagstream.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Which module may use which, and which package alone uses a foreign library. */
@AnalyzeClasses(packages = "io.tagstream", importOptions = DoNotIncludeTests.class)
final class LayersTest {
  /** The only package of {@code com.sun} that is a supported API of the JDK. */
  private static final String HTTP_SERVER = "com.sun.net.httpserver..";

  /** Each package of every module is a slice. */
  @ArchTest
  static final ArchRule packagesHaveNoCircles =
      slices().matching("io.tagstream.(**)").should().beFreeOfCycles();

  @ArchTest static final ArchRule settingsSeeNothingOfOurs = sees("settings", "settings");

  @ArchTest static final ArchRule schemasSeeSettings = sees("schemas", "schemas", "settings");

  @ArchTest static final ArchRule pagesSeeNothingOfOurs = sees("pages", "pages");

  @ArchTest static final ArchRule modelSeesPages = sees("model", "model", "pages");

  @ArchTest
  static final ArchRule trainingStoreSeesRecordsAndModel =
      sees("trainingstore", "trainingstore", "schemas", "settings", "model");

  @ArchTest
  static final ArchRule jobSeesRecordsModelAndTrainingStore =
      sees("job", "job", "schemas", "settings", "model", "trainingstore");

  @ArchTest
  static final ArchRule producersSeeRecords = sees("producers", "producers", "schemas", "settings");

  /** Of the model they may use only the store and the exception that it throws. */
  @ArchTest
  static final ArchRule consumersSeeRecordsAndTheStore =
      classes()
          .that(inModules("consumers"))
          .should()
          .onlyDependOnClassesThat(
              not(resideInAPackage("io.tagstream.."))
                  .or(inModules("consumers", "schemas", "settings", "model.store"))
                  .or(resideInAPackage("io.tagstream.model")));

  /** The web page; its first file is still to come. */
  @ArchTest
  static final ArchRule dashboardSeesRecordsStoresAndClients =
      sees(
          "dashboard",
          "dashboard",
          "schemas",
          "settings",
          "pages",
          "model",
          "trainingstore",
          "producers",
          "consumers");

  @ArchTest
  static final ArchRule localIsSeenByTheProgramOnly =
      noClasses()
          .that(
              resideInAPackage("io.tagstream..").and(not(inModules("local", "benchmarks", "cli"))))
          .should()
          .dependOnClassesThat(inModules("local", "benchmarks", "cli"));

  @ArchTest
  static final ArchRule modelKnowsNoStreams =
      noClasses()
          .that(inModules("model"))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                  "org.apache.kafka..", "org.apache.flink..", "org.apache.avro..", "picocli.."));

  /** Commands add to the training store without Flink. */
  @ArchTest
  static final ArchRule trainingStoreKnowsNoStreams =
      noClasses()
          .that(inModules("trainingstore"))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("org.apache.kafka..", "org.apache.flink..", "picocli.."));

  /** The protobuf classes shaded into ND4J belong to ONNX and have a separate rule. */
  @ArchTest
  static final ArchRule nd4jStaysInItsPackages =
      noClasses()
          .that(
              resideInAPackage("io.tagstream..")
                  .and(
                      not(
                          inModules(
                              "model.engine.nd4j",
                              "model.engine.samediff",
                              "model.training",
                              "model.onnx",
                              "benchmarks.engines"))))
          .should()
          .dependOnClassesThat(
              resideInAPackage("org.nd4j..").and(not(resideInAPackage("org.nd4j.shade.."))));

  @ArchTest static final ArchRule opencvStaysInItsPackage = only("org.bytedeco.opencv..", "image");

  @ArchTest
  static final ArchRule onnxRuntimeStaysInItsPackage =
      only("ai.onnxruntime..", "engine.onnxruntime");

  @ArchTest
  static final ArchRule oneDnnStaysInItsPackage = only("org.bytedeco.dnnl..", "engine.onednn");

  @ArchTest
  static final ArchRule djlIsAPeer =
      noClasses()
          .that(resideInAPackage("io.tagstream..").and(not(inModules("benchmarks.peers"))))
          .should()
          .dependOnClassesThat(resideInAPackage("ai.djl.."));

  @ArchTest
  static final ArchRule libraryInnardsAreBanned =
      noClasses()
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                      "sun..",
                      "com.sun..",
                      "jdk.internal..",
                      "org.apache.flink.shaded..",
                      "java.util.logging..")
                  .and(not(resideInAPackage(HTTP_SERVER))));

  @ArchTest
  static final ArchRule theHttpServerStaysInItsPackage =
      noClasses()
          .that(resideInAPackage("io.tagstream..").and(not(inModules("job.health", "dashboard"))))
          .should()
          .dependOnClassesThat(resideInAPackage(HTTP_SERVER));

  @ArchTest
  static final ArchRule protobufIsForOnnxFiles =
      noClasses()
          .that(
              resideInAPackage("io.tagstream..")
                  .and(not(inModules("model.onnx", "model.engine.onnxruntime"))))
          .should()
          .dependOnClassesThat(resideInAnyPackage("org.nd4j.shade..", "onnx.."));

  private static ArchRule sees(String module, String... seen) {
    return classes()
        .that(inModules(module))
        .should()
        .onlyDependOnClassesThat(not(resideInAPackage("io.tagstream..")).or(inModules(seen)))
        .allowEmptyShould(true);
  }

  /** Benchmarks that measure a library, and peers that use it, may use it too. */
  private static ArchRule only(String library, String packageOfModel) {
    return noClasses()
        .that(
            resideInAPackage("io.tagstream..")
                .and(
                    not(
                        inModules(
                            "model." + packageOfModel, "benchmarks.engines", "benchmarks.peers"))))
        .should()
        .dependOnClassesThat(resideInAPackage(library));
  }

  private static DescribedPredicate<JavaClass> inModules(String... modules) {
    String[] packages = new String[modules.length];
    for (int i = 0; i < modules.length; i++) {
      packages[i] = "io.tagstream." + modules[i] + "..";
    }
    return resideInAnyPackage(packages);
  }
}
