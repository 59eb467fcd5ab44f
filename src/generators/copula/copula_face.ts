import { checkShares, list, MOST_SYMBOLS } from "../model/checks.ts";
import type { Json, ModelFace } from "../model/model_face.ts";
import { badModel, type SectionReader, type SectionWriter } from "../model/model_sections.ts";
import type { CopulaModel } from "../model/models.ts";
import { CopulaDraws } from "./copula_draws.ts";
import { fitCopula, packedLength, updateCopula } from "./copula_fit.ts";
import { copulaLikelihoods } from "./copula_likelihood.ts";

/** Variables of which each has to do with each: their number squared is what a copula holds. */
const MOST_VARIABLES = 4096;
const TOLERANCE = 1e-6;

function write({ shares, factor }: CopulaModel, to: SectionWriter): Json {
  return { shares: shares.map((each) => to.add(each)), factor: to.add(factor) };
}

/** Checks that each row of a triangle has the length 1, and something of its own. */
function checkFactor(factor: Float64Array, variables: number): void {
  if (factor.length !== packedLength(variables)) badModel("its factor has not the size of one");
  let start = 0;
  for (let v = 0; v < variables; v++) {
    const row = factor.subarray(start, start += v + 1);
    const size = row.reduce((sum, each) => sum + each * each, 0);
    if (!(Math.abs(size - 1) <= TOLERANCE && row[v] > 0)) badModel("its factor is not one");
  }
}

function read(from: SectionReader, json: Json, symbols: readonly number[]): CopulaModel {
  const sections = list(json.shares, "the shares", MOST_VARIABLES);
  const shares = symbols.map((count, v) => {
    const values = from.section(sections[v], "f64", MOST_SYMBOLS);
    if (values.length !== count) badModel("a column has not as many shares as symbols");
    checkShares(values, count, 1);
    return values;
  });
  const factor = from.section(json.factor, "f64", packedLength(MOST_VARIABLES));
  checkFactor(factor, symbols.length);
  return { kind: "copula", shares, factor };
}

/** Symbols by normal deviates that correlate. */
export const COPULA: ModelFace<CopulaModel> = {
  fit: (rows) => {
    if (rows.columns.length <= MOST_VARIABLES) return Promise.resolve(fitCopula(rows));
    throw new RangeError(
      `Cannot fit generator: a copula has at most ${MOST_VARIABLES} variables, and the rows have ` +
        `${rows.columns.length}; leave columns out, or use another model`,
    );
  },
  update: (model, rows, { before }) => Promise.resolve(updateCopula(model, rows, before)),
  logLikelihoods: copulaLikelihoods,
  draws: (kernel, model) => new CopulaDraws(kernel, model),
  write,
  read,
  describe: ({ shares }) => `a Gaussian copula of ${shares.length} variables`,
};
