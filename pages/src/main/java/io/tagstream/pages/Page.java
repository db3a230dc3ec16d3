package io.tagstream.pages;

/**
 * The shell of all HTML reports: one file that loads nothing and runs no script. It is well-formed
 * XML, so that a program can read it.
 */
public final class Page {
  private Page() {}

  /**
   * Renders a page; encode it as UTF-8.
   *
   * @param title plain text
   * @param css added to {@link Style}'s
   * @param content the body, as markup
   */
  public static String html(String title, String css, String content) {
    return """
        <!DOCTYPE html>
        <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta http-equiv="Content-Security-Policy" \
        content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
        <title>%s</title>
        <style>
        %s%s</style>
        </head>
        <body>
        <main>
        %s</main>
        </body>
        </html>
        """
        .formatted(Markup.text(title), Style.CSS, css, content);
  }

  /**
   * Renders a section of a page.
   *
   * @param title plain text
   * @param content markup
   */
  public static String section(String title, String content) {
    return "<section>\n<h2>%s</h2>\n%s</section>\n".formatted(Markup.text(title), content);
  }
}
