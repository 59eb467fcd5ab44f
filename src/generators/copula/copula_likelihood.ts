import type { SymbolRows } from "../encoding/symbol_rows.ts";
import type { CopulaModel } from "../model/models.ts";
import { limitsOf } from "./copula_fit.ts";
import { normalBelow, normalQuantile } from "../normal.ts";

/** Draws by which the probability of a row is estimated. */
const DRAWS = 64;

/** Points that fill a cube evenly: multiples of roots of primes (Richtmyer, 1951), `[draw][variable]`. */
function evenPoints(variables: number): Float64Array {
  const out = new Float64Array(DRAWS * variables);
  for (let v = 0, prime = 2; v < variables; v++, prime = nextPrime(prime)) {
    const root = Math.sqrt(prime) % 1;
    for (let draw = 0; draw < DRAWS; draw++) out[draw * variables + v] = ((draw + 0.5) * root) % 1;
  }
  return out;
}

function nextPrime(after: number): number {
  for (let n = after + 1;; n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) return n;
  }
}

/** How likely rows are, by simulating their normal deviates one after the other within their limits. */
class Simulation {
  readonly #factor: Float64Array;
  readonly #limits: readonly Float64Array[];
  readonly #points: Float64Array;
  readonly #deviates: Float64Array;

  constructor({ factor, shares }: CopulaModel) {
    this.#factor = factor;
    this.#limits = shares.map(limitsOf);
    this.#points = evenPoints(shares.length);
    this.#deviates = new Float64Array(shares.length);
  }

  /** The probability of a row's symbols. */
  probability(symbols: ArrayLike<number>): number {
    let sum = 0;
    for (let draw = 0; draw < DRAWS; draw++) sum += this.#once(symbols, draw);
    return sum / DRAWS;
  }

  #once(symbols: ArrayLike<number>, draw: number): number {
    const [factor, deviates] = [this.#factor, this.#deviates];
    const count = deviates.length;
    let probability = 1;
    let at = 0;
    for (let v = 0; v < count; v++) {
      let mean = 0;
      for (let k = 0; k < v; k++) mean += factor[at++] * deviates[k];
      const own = factor[at++];
      const limits = this.#limits[v];
      let low = (limits[symbols[v]] - mean) / own;
      let high = (limits[symbols[v] + 1] - mean) / own;
      // in the upper tail probabilities are all nearly 1: the lower one is its mirror
      const isMirrored = low > 0;
      if (isMirrored) [low, high] = [-high, -low];
      const below = normalBelow(low);
      const share = normalBelow(high) - below;
      if (!(share > 0)) return 0;
      probability *= share;
      const point = normalQuantile(below + share * this.#points[draw * count + v]);
      const within = Math.max(low, Math.min(high, point));
      deviates[v] = isMirrored ? -within : within;
    }
    return probability;
  }
}

/**
 * The log-likelihood of each row, estimated by 64 draws, the same for all rows (the GHK simulator:
 * Geweke, 1991; Hajivassiliou, McFadden, 1998; Keane, 1994).
 */
export function copulaLikelihoods(model: CopulaModel, rows: SymbolRows): Float64Array {
  const simulation = new Simulation(model);
  const symbols = new Uint8Array(rows.columns.length);
  return Float64Array.from({ length: rows.length }, (_, row) => {
    rows.columns.forEach((column, v) => symbols[v] = column[row]);
    return Math.log(simulation.probability(symbols));
  });
}
