import { showName } from "../batch/shown_names.ts";
import { streamLines } from "./stream_quality.ts";
import type { ColumnQuality, QualityScores } from "./quality_scores.ts";

/** A score with three places. */
export function shown(score: number | undefined): string {
  return score === undefined || Number.isNaN(score) ? "–" : score.toFixed(3);
}

/** What a column has not kept, in words. */
export function lostTraits({ nulls, type, whole }: ColumnQuality): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    nulls.kept ? "" : `null in ${percent(nulls.synthetic)} of rows, really ${percent(nulls.real)}`,
    type.kept ? "" : `of type ${type.synthetic}, really ${type.real}`,
    whole?.kept !== false ? "" : whole.real ? "no longer whole numbers" : "whole numbers only",
  ].filter((text) => text !== "");
}

/** The scores as text for a terminal. */
export function qualityText(scores: QualityScores): string {
  const { rows, overall, columnShapes, pairTrends, allPairTrends, c2st, nearest, columns } = scores;
  const strong = scores.pairs.filter((pair) => pair.strong).length;
  const against = rows.holdout === undefined
    ? `${rows.real.toLocaleString("en")} real`
    : `${rows.holdout.toLocaleString("en")} held-out real`;
  const lines = [
    `Quality of ${rows.synthetic.toLocaleString("en")} synthetic rows against ${against} ones`,
    "",
    `  overall          ${shown(overall)}`,
    `  column shapes    ${shown(columnShapes)}`,
    `  pair trends      ${shown(pairTrends)}  (strong pairs: ${strong} of ${scores.pairs.length})`,
    `  of all pairs     ${shown(allPairTrends)}`,
    `  told apart       ${shown(c2st.score)}  (AUC ${shown(c2st.auc)})`,
    ...(nearest ? [`  nearest is known ${shown(nearest.share)}  (0.5 is ideal)`] : []),
    "",
  ];
  const width = Math.max(...columns.map(({ name }) => showName(name).length), 6);
  for (const column of columns) {
    const lost = lostTraits(column).map((text) => `; ${text}`).join("");
    const what = `${column.kind}${lost}`;
    lines.push(
      `  ${showName(column.name).padEnd(width)}  ${shown(column.score).padEnd(5)}  ${what}`,
    );
  }
  if (!scores.stream) return lines.join("\n");
  lines.push("", "  distances from the stream (0 is alike)");
  for (const [name, distance] of streamLines(scores.stream)) {
    lines.push(`    ${name.padEnd(31)}  ${shown(distance)}`);
  }
  return lines.join("\n");
}
