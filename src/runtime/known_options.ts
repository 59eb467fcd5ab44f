const FEWEST_SHARED = 3;
const MOST_CHARACTERS = 40;

/** What options something takes. */
export interface OptionRule<Options> {
  /** What cannot be done without: `"make tumbling windows"`. */
  readonly doing: string;
  /** The names of all of them; the type checker sees to it that none is missing. */
  readonly names: Readonly<Record<keyof Options, true>>;
  /** Options as they might be given, for those who gave none: `'{ size: "60s" }'`. */
  readonly example?: string;
}

/**
 * Options, after a look at their names: one that is not known would be ignored in silence.
 *
 * @throws {TypeError} when what was given is no object, or has a key that is no option, with the
 *   option that was probably meant.
 */
export function knownOptions<Options extends object>(
  given: Options,
  { doing, names, example }: OptionRule<Options>,
): Options {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    const such = example === undefined ? "" : ` such as ${example}`;
    throw new TypeError(
      `Cannot ${doing}: the options are an object${such}, received ${received(given)}`,
    );
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(names, name));
  if (unknown === undefined) return given;
  const known = Object.keys(names);
  const meant = nearestName(unknown, known);
  throw new TypeError(
    `Cannot ${doing}: there is no option ${JSON.stringify(unknown.slice(0, MOST_CHARACTERS))}; ` +
      (meant === undefined ? `the options are ${known.join(", ")}` : `did you mean ${meant}?`),
  );
}

/**
 * Checks an option that is true or false.
 *
 * @param doing What cannot be done without, for the message.
 * @throws {TypeError} when it is neither.
 */
export function checkBoolean(name: string, value: boolean, doing: string): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(
    `Cannot ${doing}: ${name} must be true or false, received ${received(value)}`,
  );
}

/** Which whole numbers an option may be, both ends included. */
export interface WholeNumbers {
  /** What cannot be done without, for the message. */
  readonly doing: string;
  /** Default 1. */
  readonly least?: number;
  /** Default: all that a double holds exactly. */
  readonly most?: number;
}

/**
 * Checks an option that is a whole number.
 *
 * @throws {RangeError} when it is none, or not within its range.
 */
export function checkWhole(
  name: string,
  value: number,
  { doing, least = 1, most = Number.MAX_SAFE_INTEGER }: WholeNumbers,
): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const to = most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : "";
  throw new RangeError(
    `Cannot ${doing}: ${name} must be a whole number from ${least}${to}, received ` +
      received(value),
  );
}

/** What was received, in a few words, for a message. */
export function received(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return JSON.stringify(value.slice(0, MOST_CHARACTERS));
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The name that was probably meant by another: up to a third of it mistyped, or a part of it. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const given = name.slice(0, MOST_CHARACTERS).toLowerCase();
  const [nearest] = known.map((each) => ({ each, distance: distance(given, each.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  if (nearest && nearest.distance <= Math.max(1, Math.floor(given.length / 3))) return nearest.each;
  if (given.length < FEWEST_SHARED) return undefined;
  return known.find((each) => each.toLowerCase().includes(given));
}

/**
 * Characters to insert, leave out, replace, or swap with their neighbour (Damerau; optimal string
 * alignment).
 */
function distance(a: string, b: string): number {
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(replaced, row[j] + 1, next[j - 1] + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}
