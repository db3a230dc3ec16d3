package io.tagstream.model.report;

/** The styles that only a training's report needs: confusion tables, cards of images, kernels. */
final class ReportStyle {
  static final String CSS =
      """
      .confusion td, .confusion thead th { padding: .2rem .35rem; text-align: right; }
      .confusion td { min-width: 2.1rem; }
      .confusion thead th div {
        max-height: 9rem; margin-left: auto; overflow: hidden; white-space: nowrap;
        text-overflow: ellipsis; writing-mode: vertical-rl; transform: rotate(180deg);
      }
      .confusion tbody th { max-width: 14rem; overflow-wrap: anywhere; color: var(--ink); }
      .confusion .sum { padding-left: 1rem; }
      .confusion .none { color: var(--soft); }
      .right { background: rgb(var(--right) / var(--share)); }
      .wrong { background: rgb(var(--wrong) / var(--share)); }

      .cards {
        display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr));
        gap: 1.25rem 1rem; margin: 1rem 0 0; padding: 0; list-style: none;
      }
      .cards img, .unreadable {
        display: block; width: 100%; max-width: 160px; height: auto; aspect-ratio: 1;
        margin-bottom: .3rem;
      }
      .unreadable {
        padding: .5rem; border: 1px dashed var(--soft); color: var(--soft);
        overflow: hidden; overflow-wrap: anywhere;
      }
      .cards figcaption { color: var(--ink); overflow-wrap: anywhere; }
      .guess { display: flex; justify-content: space-between; gap: .5rem; }
      .guess span:last-child { flex: none; }
      .predicted { font-weight: 600; color: var(--second); }
      .cards .id, .cards .note { display: block; font-size: .74rem; color: var(--soft); }

      .towers { display: grid; gap: 1.25rem; }
      .towers img { display: block; max-width: 100%; height: auto; margin-top: .3rem; }

      .cards { font-size: .84rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
      @media print {
        .cards { grid-template-columns: repeat(6, 1fr); font-size: 7.5pt; }
        .right, .wrong { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      }
      """;

  private ReportStyle() {}
}
