package io.tagstream.model.report;

import io.tagstream.model.store.Verdict;
import io.tagstream.model.store.Verdict.ClassFinding;
import io.tagstream.model.store.Verdict.Incumbent;
import io.tagstream.pages.Markup;
import java.util.List;
import java.util.function.ToIntFunction;

/** The tables of the gate's paired test on the held-out images, in total and by class. */
final class VerdictTables {
  private VerdictTables() {}

  static String html(Verdict verdict) {
    return "<p>%s</p>\n".formatted(Markup.name(verdict.reason()))
        + verdict
            .incumbent()
            .filter(incumbent -> verdict.heldOut() > 0)
            .map(incumbent -> together(verdict, incumbent) + byClass(verdict.classes()))
            .orElse("");
  }

  private static String together(Verdict verdict, Incumbent incumbent) {
    int images = verdict.heldOut();
    int before = sum(verdict, ClassFinding::incumbentRight);
    int now = sum(verdict, ClassFinding::candidateRight);
    int both = before - verdict.b();
    return """
        <div class="wide"><table>
        <caption>Both versions on the same %s held-out images. If they were equally good, \
        <i>b</i> or more of the <i>b</i> + <i>c</i> images would favour the live version with \
        probability <i>p</i> = %s (exact one-sided sign test).</caption>
        <thead><tr><td></td><th scope="col" class="number">this version right</th>
        <th scope="col" class="number">this version wrong</th>
        <th scope="col" class="number">together</th></tr></thead>
        <tbody>
        <tr><th scope="row">live version <span class="id">%s</span> right</th>
        <td class="number">%s</td><td class="number"><i>b</i> = %s</td>
        <td class="number">%s (%s)</td></tr>
        <tr><th scope="row">live version wrong</th>
        <td class="number"><i>c</i> = %s</td><td class="number">%s</td>
        <td class="number">%s</td></tr>
        <tr><th scope="row">together</th>
        <td class="number">%s (%s)</td><td class="number">%s</td><td class="number">%s</td></tr>
        </tbody></table></div>
        """
        .formatted(
            Markup.count(images),
            Markup.significant(verdict.p()),
            Markup.name(incumbent.version()),
            Markup.count(both),
            Markup.count(verdict.b()),
            Markup.count(before),
            Markup.percent((double) before / images),
            Markup.count(verdict.c()),
            Markup.count(images - both - verdict.b() - verdict.c()),
            Markup.count(images - before),
            Markup.count(now),
            Markup.percent((double) now / images),
            Markup.count(images - now),
            Markup.count(images));
  }

  private static int sum(Verdict verdict, ToIntFunction<ClassFinding> right) {
    return verdict.classes().stream().mapToInt(right).sum();
  }

  /** The table by class; of many classes only those that are worse. */
  private static String byClass(List<ClassFinding> classes) {
    boolean few = classes.size() <= ConfusionTable.MOST_CLASSES;
    List<ClassFinding> shown =
        few ? classes : classes.stream().filter(ClassFinding::worse).toList();
    if (shown.isEmpty()) {
      return "";
    }
    StringBuilder out =
        new StringBuilder(
            """
            <h3>By class</h3>
            <div class="wide"><table>
            <thead><tr><th scope="col">class</th><th scope="col" class="number">images</th>
            <th scope="col" class="number">live right</th>
            <th scope="col" class="number">this right</th>
            <th scope="col" class="number"><i>b</i></th>
            <th scope="col" class="number"><i>c</i></th>
            <th scope="col" class="number"><i>p</i></th><th scope="col">finding</th></tr></thead>
            <tbody>
            """);
    for (ClassFinding finding : shown) {
      out.append(
          "<tr><th scope=\"row\" class=\"text\">%s</th>".formatted(Markup.name(finding.label())));
      for (String number :
          List.of(
              Markup.count(finding.heldOut()),
              Markup.count(finding.incumbentRight()),
              Markup.count(finding.candidateRight()),
              Markup.count(finding.b()),
              Markup.count(finding.c()),
              Markup.significant(finding.p()))) {
        out.append("<td class=\"number\">").append(number).append("</td>");
      }
      out.append("<td>").append(finding.worse() ? "worse" : "").append("</td></tr>\n");
    }
    return out.append("</tbody></table></div>\n").toString();
  }
}
