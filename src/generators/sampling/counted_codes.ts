/** Places that are counted on together have at most so many values. */
const MOST_VALUES = 1024;

/** Some places that follow each other. */
interface Places {
  /** How many values they have. */
  readonly size: number;
  readonly width: number;
  /** The characters of every value. */
  readonly codes: Uint16Array;
}

/** Which numbers are written. */
export interface CountedNumbers {
  readonly first: bigint;
  /** From one to the next. */
  readonly step: bigint;
  readonly count: number;
}

function placesOf(alphabets: readonly string[]): Places {
  const size = alphabets.reduce((product, { length }) => product * length, 1);
  const width = alphabets.length;
  const codes = new Uint16Array(size * width);
  for (let value = 0; value < size; value++) {
    let rest = value;
    for (let at = width - 1; at >= 0; at--) {
      const alphabet = alphabets[at];
      codes[value * width + at] = alphabet.charCodeAt(rest % alphabet.length);
      rest = Math.floor(rest / alphabet.length);
    }
  }
  return { size, width, codes };
}

/** As few groups of places as there can be, the first ones the greatest. */
function grouped(alphabets: readonly string[]): Places[] {
  const groups: Places[] = [];
  let [end, size] = [alphabets.length, 1];
  for (let at = end - 1; at >= 0; at--) {
    if (size * alphabets[at].length > MOST_VALUES) {
      groups.unshift(placesOf(alphabets.slice(at + 1, end)));
      [end, size] = [at + 1, 1];
    }
    size *= alphabets[at].length;
  }
  return [placesOf(alphabets.slice(0, end)), ...groups];
}

/** A number by its values in groups of places. */
function valuesOf(number: bigint, groups: readonly Places[]): Int32Array {
  const values = new Int32Array(groups.length);
  for (let at = groups.length - 1; at >= 0; at--) {
    const size = BigInt(groups[at].size);
    values[at] = Number(number % size);
    number /= size;
  }
  return values;
}

/** Writes the characters of a group's values in all rows, and counts on; what is carried is in `carries`. */
function writeGroup(
  out: Uint8Array | Uint16Array,
  { size, width, codes }: Places,
  { offset, stride, value, by, carries }: {
    offset: number;
    stride: number;
    value: number;
    by: number;
    carries: Uint8Array;
  },
): void {
  let to = offset;
  for (let row = 0; row < carries.length; row++, to += stride) {
    const from = value * width;
    // most groups have two or three places, for which a loop takes longer than they do
    out[to] = codes[from];
    if (width > 1) out[to + 1] = codes[from + 1];
    if (width > 2) out[to + 2] = codes[from + 2];
    for (let at = 3; at < width; at++) out[to + at] = codes[from + at];
    const sum = value + by + carries[row];
    const isOver = sum >= size;
    carries[row] = isOver ? 1 : 0;
    value = isOver ? sum - size : sum;
  }
}

/**
 * Writes the characters of numbers, one after the other: each place has its own alphabet, the last the
 * least value. What is carried beyond the first place is lost, as in a remainder of how many there are.
 */
export class CountedCodes {
  /** How many numbers there are. */
  readonly size: bigint;
  readonly #stride: number;
  readonly #groups: readonly Places[];

  /** With the alphabet of each place. */
  constructor(alphabets: readonly string[]) {
    this.size = alphabets.reduce((product, { length }) => product * BigInt(length), 1n);
    this.#stride = alphabets.length;
    this.#groups = grouped(alphabets);
  }

  /** Writes them to the room that `room` makes for so many characters. */
  write<Codes extends Uint8Array | Uint16Array>(
    { first, step, count }: CountedNumbers,
    room: (length: number) => Codes,
  ): Codes {
    const groups = this.#groups;
    const out = room(count * this.#stride);
    const [values, by] = [valuesOf(first, groups), valuesOf(step, groups)];
    const carries = new Uint8Array(count);
    let offset = this.#stride;
    for (let at = groups.length - 1; at >= 0; at--) {
      offset -= groups[at].width;
      const place = { offset, stride: this.#stride, value: values[at], by: by[at], carries };
      writeGroup(out, groups[at], place);
    }
    return out;
  }
}
