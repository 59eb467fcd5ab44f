import type { Json } from "../model/model_face.ts";
import { badModel, type SectionReader, type SectionWriter } from "../model/model_sections.ts";
import { arrivalsProblem } from "./arrival_check.ts";
import type { Arrivals, GapModel, RateLevels } from "./arrivals.ts";

const MOST_SLOTS = 100_000;
const MOST_BINS = 4096;
const MOST_STATES = 16;

function writeGaps(to: SectionWriter, gaps: GapModel): Json {
  if (gaps.kind !== "chain") return { ...gaps };
  const { kind, states, transitions, weights, low, high } = gaps;
  return {
    kind,
    states,
    transitions: to.add(transitions),
    weights: to.add(weights),
    low: to.add(low),
    high: to.add(high),
  };
}

/** What is in the header of a model file of how records arrive; numbers go into sections. */
export function writeArrivals(to: SectionWriter, arrivals: Arrivals): Json {
  const { rate: { curve: { period, offset, rates, once }, levels, gaps }, disorder, grid, start } =
    arrivals;
  return {
    start,
    grid: { step: grid.step, offset: grid.offset },
    curve: { period, offset, rates: to.add(rates), ...(once !== undefined && { once }) },
    ...levels && {
      levels: { factors: to.add(levels.factors), lengths: to.add(levels.lengths) },
    },
    gaps: writeGaps(to, gaps),
    disorder: {
      share: disorder.share,
      edges: to.add(disorder.edges),
      weights: to.add(disorder.weights),
    },
  };
}

function readGaps(from: SectionReader, json: Json): GapModel {
  if (json.kind === "even") return { kind: "even" };
  if (json.kind === "gamma") return { kind: "gamma", shape: json.shape as number };
  if (json.kind !== "chain") badModel("the gaps of its arrivals are of a kind that does not exist");
  return {
    kind: "chain",
    states: json.states as number,
    transitions: from.section(json.transitions, "f64", MOST_STATES ** 2),
    weights: from.section(json.weights, "f64", MOST_STATES * MOST_BINS),
    low: from.section(json.low, "f64", MOST_BINS),
    high: from.section(json.high, "f64", MOST_BINS),
  };
}

function readLevels(from: SectionReader, json: Json): RateLevels {
  return {
    factors: from.section(json.factors, "f64", MOST_STATES),
    lengths: from.section(json.lengths, "f64", MOST_STATES),
  };
}

/**
 * How records arrive, by the header of a model file and its sections, all of it checked.
 *
 * @throws {ModelFileError} when it is damaged, or none.
 */
export function readArrivals(from: SectionReader, value: unknown): Arrivals {
  const json = Object(value) as Json;
  const part = (name: string) => Object(json[name]) as Json;
  const { period, offset, rates, once } = part("curve");
  const curve = {
    period: period as number,
    offset: offset as number,
    rates: from.section(rates, "f64", MOST_SLOTS),
    ...(once !== undefined && { once: once as boolean }),
  };
  const levels = json.levels === undefined ? {} : { levels: readLevels(from, part("levels")) };
  const { share, edges, weights } = part("disorder");
  const disorder = {
    share: share as number,
    edges: from.section(edges, "f64", MOST_BINS),
    weights: from.section(weights, "f64", MOST_BINS),
  };
  const grid = { step: part("grid").step as number, offset: part("grid").offset as number };
  const rate = { curve, ...levels, gaps: readGaps(from, part("gaps")) };
  const arrivals = { rate, disorder, grid, start: json.start as number };
  const problem = arrivalsProblem(arrivals);
  return problem === undefined ? arrivals : badModel(`its arrivals cannot be sampled: ${problem}`);
}
