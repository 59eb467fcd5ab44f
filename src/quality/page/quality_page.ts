import type { ColumnQuality, QualityScores } from "../quality_scores.ts";
import { lostTraits, shown } from "../quality_text.ts";
import { streamLines } from "../stream_quality.ts";
import { verdictOf } from "../verdict.ts";
import { type Figure, matrixFigure } from "./figures.ts";
import { STYLE } from "./style.ts";

const MOST_PAIRS = 12;
const CHARACTERS: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** What a page is made of. */
export interface PageInput {
  readonly scores: QualityScores;
  /** Of each column, in order; none of keys. */
  readonly figures: readonly (Figure | undefined)[];
  /** The title; default a general one. */
  readonly title?: string;
  /** Draws a figure as SVG, safe whatever is in it. */
  readonly draw: (figure: Figure) => string;
}

/** A text without characters that cannot be seen or that turn the order of others around. */
export function visible(text: string): string {
  // deno-lint-ignore no-control-regex
  const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
  return text.toWellFormed().replace(hidden, "\ufffd");
}

/** A text as HTML, in elements and attributes. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => CHARACTERS[character]);
}

function tile(label: string, score: number | undefined, note: string, isShare = false): string {
  const known = score === undefined || Number.isNaN(score) ? 0 : score;
  const width = Math.round(100 * (isShare ? 1 - Math.abs(known - 0.5) * 2 : known));
  return `<div class="tile">${label}<b>${
    shown(score)
  }</b><div class="bar"><i style="width:${width}%">` +
    `</i></div><span class="soft">${note}</span></div>`;
}

function tiles(
  { overall, columnShapes, pairTrends, allPairTrends, c2st, nearest, pairs }: QualityScores,
) {
  const strong = pairs.filter((pair) => pair.strong).length;
  return `<div class="tiles">` + [
    tile("Overall", overall, "mean of the next two"),
    tile("Column shapes", columnShapes, "each column by itself"),
    tile(
      "Pair trends",
      pairTrends,
      `the ${strong} strong of ${pairs.length} pairs; ${shown(allPairTrends)} of all`,
    ),
    tile("Told apart", c2st.score, `1 is not at all; AUC ${shown(c2st.auc)}`),
    nearest ? tile("Nearest is known", nearest.share, "0.5 is ideal, 1 are copies", true) : "",
  ].join("") + `</div>`;
}

function columnCard(
  column: ColumnQuality,
  figure: Figure | undefined,
  draw: PageInput["draw"],
): string {
  const lost = lostTraits(column).map((text) => `<p class="lost">${escapeHtml(text)}</p>`).join("");
  const name = escapeHtml(column.name) || "<i>(no name)</i>";
  const note = column.score === undefined ? `${column.kind}, no score` : shown(column.score);
  return `<article class="card"><div class="head"><h3>${name}</h3><span>${note}</span></div>` +
    `<p class="soft">${column.kind}, ${escapeHtml(column.type.real)}${
      column.nulls.real > 0 ? `, ${(100 * column.nulls.real).toFixed(1)} % null` : ""
    }</p>${lost}${figure ? `<figure>${draw(figure)}</figure>` : ""}</article>`;
}

function pairTable({ pairs }: QualityScores): string {
  const worst = pairs.filter(({ score }) => !Number.isNaN(score))
    .toSorted((a, b) => a.score - b.score).slice(0, MOST_PAIRS);
  if (worst.length === 0) return "";
  const rows = worst.map(({ columns, score, real, synthetic, strong }) =>
    `<tr>${columns.map((name) => `<td class="name">${escapeHtml(name)}</td>`).join("")}` +
    [score, real, synthetic].map((value) => `<td class="n">${shown(value)}</td>`).join("") +
    `<td>${strong ? "yes" : "no"}</td></tr>`
  ).join("");
  return `<h2 id="pairs">The pairs that differ most</h2><div class="scroll card" tabindex="0" ` +
    `role="region" aria-labelledby="pairs"><table><thead><tr><th>column` +
    `</th><th>column</th><th class="n">score</th><th class="n">real</th><th class="n">synthetic</th>` +
    `<th>strong</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function streamTable({ stream }: QualityScores): string {
  if (!stream) return "";
  const rows = streamLines(stream).map(([name, distance]) =>
    `<tr><td class="name">${name}</td><td class="n">${shown(distance)}</td></tr>`
  ).join("");
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return `<h2>As a stream</h2><p class="soft">Distances, 0 where both are alike. Late records: ` +
    `${percent(stream.late.synthetic)}, really ${percent(stream.late.real)}.</p>` +
    `<div class="scroll card"><table><tbody>${rows}</tbody></table></div>`;
}

/** Why cells of the tables of pairs are empty, where any are. */
function emptyCells({ pairs }: QualityScores): string {
  if (!pairs.some(({ real, synthetic }) => Number.isNaN(real + synthetic))) return "";
  return " A cell is empty where this is not defined: one of the two columns has a single value, or, " +
    "beside a column that is not of numbers, all its values fall into one of ten bins of equal " +
    "width between the least and the greatest real one.";
}

function matrices({ scores, draw }: PageInput): string {
  const scored = scores.columns.filter(({ score }) => score !== undefined).map(({ name }) => name);
  if (scored.length < 2) return "";
  const cards = (["real", "synthetic"] as const).map((side) =>
    `<article class="card"><h3>${side === "real" ? "Real" : "Synthetic"}</h3><figure>${
      draw(matrixFigure(scores.pairs, scored, side))
    }</figure></article>`
  );
  return `<h2>How columns hang together</h2><p class="soft">Correlations of two columns of numbers ` +
    `or times, Cramér’s V of others.${emptyCells(scores)}</p><div class="cards wide">${
      cards.join("")
    }</div>`;
}

/** The scores as a page that needs nothing else: no script, no font, no picture from outside. */
export function qualityPage(input: PageInput): string {
  const { scores, figures, draw, title = "Quality of synthetic rows" } = input;
  const { rows } = scores;
  const { headline, sentences } = verdictOf(scores);
  const against = rows.holdout === undefined
    ? `${rows.real.toLocaleString("en")} real rows`
    : `${rows.holdout.toLocaleString("en")} real rows that were held out`;
  const cards = scores.columns.map((column, at) => columnCard(column, figures[at], draw));
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><main>
<p class="soft">${escapeHtml(title)}</p>
<h1>${headline}</h1>
<p class="soft">${rows.synthetic.toLocaleString("en")} synthetic rows against ${against}</p>
${tiles(scores)}
<section class="card"><ul>${
    sentences.map((text) => `<li>${escapeHtml(text)}</li>`).join("")
  }</ul></section>
<h2>Column by column</h2>
<p class="key"><span><i style="background:var(--real)"></i>real</span><span>
<i style="background:var(--made)"></i>synthetic</span></p>
<div class="cards">${cards.join("\n")}</div>
${streamTable(scores)}
${matrices(input)}
${pairTable(scores)}
</main></body></html>
`;
}
