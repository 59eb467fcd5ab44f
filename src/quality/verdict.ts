import type { ColumnQuality, QualityScores } from "./quality_scores.ts";
import { lostTraits } from "./quality_text.ts";

const MOST_NAMED = 3;

/** What the scores come to, in words. */
export interface Verdict {
  /** In a few words. */
  readonly headline: string;
  /** One thing each. */
  readonly sentences: readonly string[];
}

/** From a score up, what it is called. */
const GRADES: readonly (readonly [least: number, headline: string])[] = [
  [0.85, "Hardly told from real rows"],
  [0.65, "Close to real rows"],
  [0.35, "Like real rows at a glance"],
  [0, "Easily told from real rows"],
];

function quoted(names: readonly string[]): string {
  const all = names.map((name) => `“${name}”`);
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

function told({ c2st }: QualityScores): string {
  const wrong = Math.round(100 * (1 - Math.max(0.5, c2st.auc)));
  return `Of a real and a synthetic row, a classifier takes the wrong one for real in ${wrong} of ` +
    `100 cases; if it could only guess, it would be 50.`;
}

function copied({ nearest }: QualityScores): string[] {
  if (!nearest) return ["No rows were held out, so nothing is said of copied rows."];
  const percent = `${(100 * nearest.share).toFixed(0)} %`;
  if (nearest.share <= 0.55) {
    return [
      `Rows were not learned by heart: ${percent} are nearer to those learned from than to ` +
      `others, and half would be by chance.`,
    ];
  }
  return [
    `Rows may have been learned by heart: ${percent} are nearer to those learned from than ` +
    `to others, and only half would be by chance.`,
  ];
}

function shapes({ columns }: QualityScores): string {
  const scored = columns.filter(({ score = NaN }) => !Number.isNaN(score));
  const weak = scored.filter(({ score = 1 }) => score < 0.9)
    .sort((a, b) => a.score! - b.score!).slice(0, MOST_NAMED);
  if (scored.length === 0) return "There is no column whose values could be compared.";
  if (weak.length === 0) return "Every column by itself has the distribution that it should.";
  return `By themselves ${quoted(weak.map(({ name }) => name))} ${
    weak.length === 1 ? "differs" : "differ"
  } most from the real rows.`;
}

function trends({ pairs }: QualityScores): string[] {
  const strong = pairs.filter((pair) => pair.strong && !Number.isNaN(pair.score));
  const off = strong.filter(({ real, synthetic }) => Math.abs(real - synthetic) > 0.1)
    .sort((a, b) => Math.abs(b.real - b.synthetic) - Math.abs(a.real - a.synthetic));
  if (strong.length === 0) return [];
  if (off.length === 0) return ["Columns hang together as they should, two by two."];
  const [{ columns, real, synthetic }] = off;
  const way = Math.abs(synthetic) < Math.abs(real) ? "less" : "more";
  return [
    `${quoted(columns)} hang together ${way} than they should (${
      Math.abs(synthetic) < 0.005 ? "0" : synthetic.toFixed(2)
    }, ` +
    `really ${real.toFixed(2)}).`,
  ];
}

function lost(columns: readonly ColumnQuality[]): string[] {
  const all = columns.flatMap((column) =>
    lostTraits(column).map((text) => `“${column.name}” is ${text}.`)
  );
  const rest = all.length - MOST_NAMED;
  if (rest <= 0) return all;
  return [
    ...all.slice(0, MOST_NAMED),
    `${rest} more such ${rest === 1 ? "thing is" : "things are"} below.`,
  ];
}

/** Says what scores mean. */
export function verdictOf(scores: QualityScores): Verdict {
  const [, headline] = GRADES.find(([least]) => scores.c2st.score >= least) ??
    [0, "No column has a score"];
  const sentences = [
    ...(Number.isNaN(scores.c2st.auc) ? [] : [told(scores)]),
    shapes(scores),
    ...trends(scores),
    ...copied(scores),
    ...lost(scores.columns),
  ];
  return { headline, sentences };
}
