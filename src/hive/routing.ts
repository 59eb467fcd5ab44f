// Measured: folding a record costs a second probe of the state, so that routing pays from here on.
const ROUTE_ABOVE = 0.15;
const FEWEST_EPOCHS = 8;
const MOST_EPOCHS = 64;

/** Whether a bee aggregates rows itself or hands them to their owners, as measured each epoch. */
export class Routing {
  readonly #epochRows: number;
  #epochs = 0;
  #rowsLeft = 0;
  #rows = 0;
  #groups = 0;

  /** Begins with an epoch that is measured. */
  constructor(epochRows: number) {
    this.#epochRows = epochRows;
  }

  /** Whether rows go to their owners now. */
  get isOn(): boolean {
    return this.#rowsLeft > 0;
  }

  /** Notes rows that were handed on; after enough of them an epoch is measured again. */
  routed(rows: number): void {
    this.#rowsLeft = Math.max(0, this.#rowsLeft - rows);
  }

  /**
   * Notes an epoch of `rows` rows that had so many different groups, and decides by as many rows
   * as a full one has: those that end early for want of work say little.
   */
  measured(rows: number, groups: number): void {
    this.#rows += rows;
    this.#groups += groups;
    if (this.#rows < this.#epochRows) return;
    // Each time that the measure says the same, it is believed for twice as long.
    this.#epochs = this.#groups > ROUTE_ABOVE * this.#rows
      ? Math.min(MOST_EPOCHS, this.#epochs === 0 ? FEWEST_EPOCHS : 2 * this.#epochs)
      : 0;
    this.#rowsLeft = this.#epochs * this.#epochRows;
    this.#rows = this.#groups = 0;
  }
}
