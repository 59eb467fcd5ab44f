const PRECISION = 14;
const REGISTERS = 1 << PRECISION;
const SPARSE_PRECISION = 25;
const SPARSE_REGISTERS = 2 ** SPARSE_PRECISION;
const RANK_BITS = 6;
const RANK_MASK = (1 << RANK_BITS) - 1;
/** Entries whose table takes as much as dense registers. */
const MOST_ENTRIES = 2048;
const FIRST_SLOTS = 16;
/** 1 / (2 ln 2). */
const ALPHA = 0.7213475204444817;

/**
 * A sketch of how many different values there are: HyperLogLog++ (Heule, Nunkesser and Hall,
 * "HyperLogLog in Practice", EDBT 2013) with 2¹⁴ registers, sparse at a precision of 25 bits as
 * long as that is smaller (section 5.3), then dense. The estimate is Ertl's improved one ("New
 * cardinality estimation algorithms for HyperLogLog sketches", 2017, arXiv:1702.01284, algorithm
 * 6), which is as good as that of HyperLogLog++ with its tables of biases and needs none.
 *
 * What it holds depends on the set of values alone, not on their order, or on what was merged how.
 */
export class HyperLogLog {
  /** Open addressing by the index; an entry is index · 64 + rank, 0 an empty slot. */
  #sparse: Int32Array | undefined = new Int32Array(FIRST_SLOTS);
  #entries = 0;
  #dense: Uint8Array | undefined;

  /** Whether it has come to registers. */
  get isDense(): boolean {
    return this.#dense !== undefined;
  }

  /** Takes in a value by its hash. */
  add(high: number, low: number): void {
    const rest = high & ((1 << (32 - SPARSE_PRECISION)) - 1);
    const rank = rest === 0
      ? 32 - SPARSE_PRECISION + Math.clz32(low) + 1
      : Math.clz32(rest) - SPARSE_PRECISION + 1;
    this.#take((high >>> (32 - SPARSE_PRECISION)) << RANK_BITS | rank);
  }

  #take(entry: number): void {
    if (this.#dense) return this.#raise(this.#dense, entry);
    this.#put(this.#sparse!, entry);
    if (this.#entries > MOST_ENTRIES) this.#condense();
    else if (this.#entries * 2 > this.#sparse!.length) this.#grow();
  }

  /** Of one index the highest rank stays. */
  #put(slots: Int32Array, entry: number): void {
    const index = entry >>> RANK_BITS;
    const mask = slots.length - 1;
    let at = (Math.imul(index, 0x9e3779b1) >>> 15) & mask;
    while (slots[at] !== 0 && slots[at] >>> RANK_BITS !== index) at = (at + 1) & mask;
    if (slots[at] === 0) this.#entries++;
    if (entry > slots[at]) slots[at] = entry;
  }

  #grow(): void {
    const before = this.#sparse!;
    this.#sparse = new Int32Array(before.length * 2);
    this.#entries = 0;
    for (const entry of before) if (entry !== 0) this.#put(this.#sparse, entry);
  }

  #condense(): void {
    const before = this.#sparse!;
    const dense = this.#dense = new Uint8Array(REGISTERS);
    this.#sparse = undefined;
    for (const entry of before) if (entry !== 0) this.#raise(dense, entry);
  }

  /** Bits of the index that registers have not go in front of those that the rank counts. */
  #raise(dense: Uint8Array, entry: number): void {
    const index = entry >>> RANK_BITS;
    const between = index & ((1 << (SPARSE_PRECISION - PRECISION)) - 1);
    const rank = between === 0
      ? SPARSE_PRECISION - PRECISION + (entry & RANK_MASK)
      : Math.clz32(between) - (32 - SPARSE_PRECISION + PRECISION) + 1;
    const register = index >>> (SPARSE_PRECISION - PRECISION);
    if (rank > dense[register]) dense[register] = rank;
  }

  /** Takes in all that another one has. */
  merge(other: HyperLogLog): void {
    if (!other.#dense) {
      for (const entry of other.#sparse!) if (entry !== 0) this.#take(entry);
      return;
    }
    if (!this.#dense) this.#condense();
    const [own, more] = [this.#dense!, other.#dense];
    for (let at = 0; at < REGISTERS; at++) if (more[at] > own[at]) own[at] = more[at];
  }

  /** About how many different values there were, a whole number. */
  estimate(): number {
    const counts = new Float64Array(66);
    if (this.#dense) {
      for (const rank of this.#dense) counts[rank]++;
      return Math.round(estimated(counts, PRECISION));
    }
    for (const entry of this.#sparse!) if (entry !== 0) counts[entry & RANK_MASK]++;
    counts[0] = SPARSE_REGISTERS - this.#entries;
    return this.#entries === 0 ? 0 : Math.round(estimated(counts, SPARSE_PRECISION));
  }

  /** Its bytes: entries ascending, 4 bytes each, or 2¹⁴ registers, which are more. */
  bytes(): Uint8Array {
    if (this.#dense) return this.#dense.slice();
    const entries = this.#sparse!.filter((entry) => entry !== 0).sort();
    return new Uint8Array(entries.buffer, 0, entries.byteLength);
  }

  /** The sketch that {@linkcode bytes} were of. */
  static of(bytes: Uint8Array): HyperLogLog {
    const made = new HyperLogLog();
    if (bytes.length === REGISTERS) {
      made.#sparse = undefined;
      made.#dense = bytes.slice();
    } else {
      const { buffer } = bytes.slice();
      for (const entry of new Int32Array(buffer)) made.#take(entry);
    }
    return made;
  }
}

/** Ertl's algorithm 6, of how many registers there are of each rank. */
function estimated(counts: Float64Array, precision: number): number {
  const [registers, most] = [2 ** precision, 64 - precision];
  let sum = registers * tau(1 - counts[most + 1] / registers);
  for (let rank = most; rank >= 1; rank--) sum = 0.5 * (sum + counts[rank]);
  sum += registers * sigma(counts[0] / registers);
  return ALPHA * registers * registers / sum;
}

/** x + Σ x^(2^k) 2^(k−1), of which rounding ends the sum. */
function sigma(x: number): number {
  if (x === 1) return Infinity;
  let [power, sum, before] = [1, x, NaN];
  while (sum !== before) {
    x *= x;
    before = sum;
    sum += x * power;
    power += power;
  }
  return sum;
}

/** (1 − x − Σ (1 − x^(2^−k))² 2^−k) / 3, of which rounding ends the sum. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let [power, sum, before] = [1, 1 - x, NaN];
  while (sum !== before) {
    x = Math.sqrt(x);
    before = sum;
    power *= 0.5;
    sum -= (1 - x) * (1 - x) * power;
  }
  return sum / 3;
}
