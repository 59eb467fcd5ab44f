/** A column whose values are positions, −1 for null. */
export interface CodedColumn {
  readonly positions: Int32Array;
  /** How many distinct positions there are. */
  readonly size: number;
  /** The position that rare values were folded into, or −1. */
  readonly other: number;
}

/** What column follows from which. */
export interface Dependency {
  readonly target: number;
  readonly by: readonly number[];
}

/** A chance of one in a million that values which have nothing to do with each other agree. */
const LEAST_EVIDENCE = 14;
const MOST_KEYS = 1_000_000;
const LEAST_SIZE = 2;

/** The key of a row in a lookup by one or two columns; −1 when a value was folded. */
export function lookupKey(by: readonly CodedColumn[], row: number): number {
  let key = 0;
  for (const { positions, size, other } of by) {
    const position = positions[row];
    if (position >= 0 && position === other) return -1;
    key = key * (size + 1) + position + 1;
  }
  return key;
}

function keysOf(by: readonly CodedColumn[]): number {
  return by.reduce((product, { size }) => product * (size + 1), 1);
}

/** Rows that agree with an earlier one of the same key, and the values of rows, by another column. */
class Agreement {
  readonly #base: CodedColumn | undefined;
  readonly #counts: Float64Array;
  readonly #agreed: Float64Array;
  readonly #width: number;

  constructor(base: CodedColumn | undefined, target: CodedColumn) {
    const groups = (base?.size ?? 0) + 1;
    this.#base = base;
    this.#width = target.size + 1;
    this.#counts = new Float64Array(groups * this.#width);
    this.#agreed = new Float64Array(groups);
  }

  add(row: number, value: number, agrees: boolean): void {
    const group = this.#base ? this.#base.positions[row] + 1 : 0;
    this.#counts[group * this.#width + value + 1]++;
    if (agrees) this.#agreed[group]++;
  }

  /** −ln of the chance that so many would agree if the target followed from the base alone. */
  evidence(): number {
    let sum = 0;
    this.#agreed.forEach((agreed, group) => {
      const start = group * this.#width;
      let [total, most] = [0, 0];
      for (let at = start; at < start + this.#width; at++) {
        total += this.#counts[at];
        most = Math.max(most, this.#counts[at]);
      }
      if (most < total) sum += agreed * Math.log(total / most);
    });
    return sum;
  }
}

/** How sure it is that the target follows from others, as −ln of the chance; 0 when it does not. */
function evidence(by: readonly CodedColumn[], target: CodedColumn): number {
  const seen = new Map<number, number>();
  // of two columns each has to be needed: one alone must not explain nearly all
  const bases = by.length === 1 ? [undefined] : by;
  const agreements = bases.map((base) => new Agreement(base, target));
  let rows = 0;
  for (let row = 0; row < target.positions.length; row++) {
    const key = lookupKey(by, row);
    if (key < 0) continue;
    const value = target.positions[row];
    const before = seen.get(key);
    if (before === undefined) seen.set(key, value);
    else if (before !== value) return 0;
    for (const each of agreements) each.add(row, value, before !== undefined);
    rows++;
  }
  if (rows * 2 < target.positions.length || rows < 2 * seen.size) return 0;
  return Math.min(...agreements.map((each) => each.evidence()));
}

/**
 * The columns that follow from one other, or from two: those that do in every row that was not
 * folded, where that can hardly be chance. Columns that decide are never such that follow.
 *
 * @param columns All columns; undefined for those that take no part.
 * @param deciders Which of them may decide.
 */
export function dependenciesOf(
  columns: readonly (CodedColumn | undefined)[],
  deciders: readonly number[],
): Dependency[] {
  const found: Dependency[] = [];
  const order = deciders.filter((at) => columns[at]!.size >= LEAST_SIZE)
    .sort((a, b) => columns[b]!.size - columns[a]!.size || a - b);
  const targets = columns.map((_, at) => at)
    .filter((at) => (columns[at]?.size ?? 0) >= LEAST_SIZE)
    .sort((a, b) => columns[a]!.size - columns[b]!.size || b - a);
  const free = (at: number) => !found.some(({ target }) => target === at);
  const decides = (at: number) => found.some(({ by }) => by.includes(at));
  const follows = (target: number, by: readonly number[]) =>
    !by.includes(target) && by.every(free) && keysOf(by.map((at) => columns[at]!)) <= MOST_KEYS &&
    evidence(by.map((at) => columns[at]!), columns[target]!) > LEAST_EVIDENCE;
  for (const pairs of [false, true]) {
    for (const target of targets) {
      if (!free(target) || decides(target)) continue;
      const by = firstOf(order, pairs, (some) => follows(target, some));
      if (by) found.push({ target, by });
    }
  }
  return found;
}

function firstOf(
  order: readonly number[],
  pairs: boolean,
  accepts: (by: readonly number[]) => boolean,
): readonly number[] | undefined {
  for (const [i, first] of order.entries()) {
    if (!pairs) {
      if (accepts([first])) return [first];
      continue;
    }
    for (const second of order.slice(i + 1)) {
      if (accepts([first, second])) return [first, second];
    }
  }
  return undefined;
}
