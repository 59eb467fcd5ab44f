/** How the numbers of a symbol, or of a part of one, are spread: as likely between any two knots. */
export class Spread {
  readonly #knots: Float64Array;

  /** By knots in ascending order, two at least. */
  constructor(knots: Float64Array) {
    this.#knots = knots;
  }

  /** Where it bends. */
  get knots(): Float64Array {
    return this.#knots;
  }

  /** The least whole number, once rounded. */
  get low(): number {
    return Math.floor(this.#knots[0] + 0.5);
  }

  /** The greatest one. */
  get high(): number {
    return Math.floor(this.#knots[this.#knots.length - 1] + 0.5);
  }

  /** How likely a number is below a value. */
  below(value: number): number {
    const knots = this.#knots;
    const segments = knots.length - 1;
    let at = 0;
    while (at < segments && knots[at + 1] < value) at++;
    if (at === segments) return 1;
    const from = knots[at];
    return value <= from
      ? at / segments
      : (at + (value - from) / (knots[at + 1] - from)) / segments;
  }

  /** How likely a rounded number is in a range of whole ones. */
  within(from: number, to: number): number {
    return this.below(to + 0.5) - this.below(from - 0.5);
  }

  /** The number that as many lie below as a share says. */
  quantile(share: number): number {
    const knots = this.#knots;
    const segments = knots.length - 1;
    const place = share * segments;
    const at = Math.max(0, Math.min(segments - 1, Math.floor(place)));
    return knots[at] + (knots[at + 1] - knots[at]) * Math.min(1, place - at);
  }
}
