package io.tagstream.pages;

/** The style of all pages, for light and dark screens, phones and paper. */
final class Style {
  private Style() {}

  static final String CSS =
      """
      :root {
        color-scheme: light dark;
        --paper: #fffffb; --ink: #1c1d1f; --soft: #5d6066; --rule: #dcdcd6;
        --first: #1f5c9e; --second: #a8501a; --right: 31 92 158; --wrong: 196 88 24;
      }
      @media (prefers-color-scheme: dark) {
        :root {
          --paper: #17181b; --ink: #e6e5e1; --soft: #a3a5aa; --rule: #37393e;
          --first: #7fb2ea; --second: #e79a63; --right: 78 140 214; --wrong: 214 110 48;
        }
      }
      * { box-sizing: border-box; }
      body {
        margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 66rem;
        background: var(--paper); color: var(--ink);
        font: 1rem/1.5 Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, serif;
      }
      h1 { margin: 0; font-size: 1.9rem; font-weight: 600; line-height: 1.2; }
      h2 {
        margin: 2.75rem 0 .75rem; padding-top: .6rem; border-top: 1px solid var(--rule);
        font-size: 1.2rem; font-weight: 600; break-after: avoid;
      }
      h3 { margin: 1.5rem 0 .4rem; font-size: 1rem; font-weight: 600; break-after: avoid; }
      p { margin: .4rem 0 .8rem; max-width: 44rem; }
      code, .id, .version {
        font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
        font-size: .86em; overflow-wrap: anywhere;
      }
      .version { margin: .3rem 0 1rem; color: var(--soft); }
      .note, figcaption, caption, th, .tick, dt { color: var(--soft); }
      figure { margin: 0; break-inside: avoid; }
      figcaption, caption, table, dl {
        font-family: system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "DejaVu Sans",
          sans-serif;
        font-size: .84rem; line-height: 1.4; font-variant-numeric: tabular-nums;
      }

      .figures { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.25rem 0 0; }
      .figures dd { margin: 0; }
      .figures .figure { font-size: 1.55rem; line-height: 1.25; color: var(--ink); }
      .figures .range { color: var(--soft); }

      .charts {
        display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr));
        gap: 1.5rem 1rem;
      }
      .charts figcaption { color: var(--ink); font-weight: 600; }
      svg { display: block; width: 100%; height: auto; max-width: 26rem; overflow: visible; }
      svg text {
        font-family: system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "DejaVu Sans",
          sans-serif;
        font-size: 11px; font-variant-numeric: tabular-nums;
      }
      svg .tick { fill: var(--soft); }
      svg .axis { stroke: var(--soft); stroke-width: 1; }
      svg .grid { stroke: var(--rule); stroke-width: .75; }
      svg .level { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 3; }
      svg .line { fill: none; stroke-width: 1.75; stroke-linejoin: round; }
      svg .value { font-weight: 600; }
      path.s0 { stroke: var(--first); } circle.s0, text.s0 { fill: var(--first); }
      path.s1 { stroke: var(--second); } circle.s1, text.s1 { fill: var(--second); }

      .wide { overflow-x: auto; }
      table { border-collapse: collapse; }
      caption { padding-bottom: .4rem; text-align: left; caption-side: top; }
      th { font-weight: 400; text-align: left; vertical-align: bottom; }
      th, td { padding: .2rem .65rem .2rem 0; border-bottom: 1px solid var(--rule); }
      thead th, thead td { border-bottom-color: var(--soft); }
      tr { break-inside: avoid; }
      .number { padding-left: .5rem; text-align: right; }
      .facts th { width: 11rem; vertical-align: top; }
      .facts td { overflow-wrap: anywhere; }
      .text { min-width: 9rem; max-width: 24rem; overflow-wrap: anywhere; }

      details { margin-top: 1.5rem; }
      summary { cursor: pointer; }

      @media print {
        :root {
          color-scheme: light;
          --paper: #fff; --ink: #000; --soft: #50535a; --rule: #d5d5d5;
          --first: #1f5c9e; --second: #a8501a; --right: 31 92 158; --wrong: 196 88 24;
        }
        @page { margin: 16mm; }
        body { max-width: none; padding: 0; font-size: 10pt; }
        figcaption, caption, table, dl { font-size: 7.5pt; }
        .figures .figure { font-size: 14pt; }
        .charts { grid-template-columns: repeat(3, 1fr); }
        section > p { break-after: avoid; }
        .wide { overflow: visible; }
        details { display: none; }
      }
      """;
}
