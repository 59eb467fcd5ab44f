import { Fifo } from "../fifo.ts";

/** Results that nobody has taken, beyond which no more are fetched while a loop reads them. */
const MAX_UNREAD = 65_536;

/** What one call is to get, and when. */
export interface Claim {
  /** Not before all results have come of windows that end by this time, ms; and only those. */
  readonly upTo?: number;
  /** Not before all results have come that so many records have set off; and all of them. */
  readonly rows?: number;
}

interface Waiter<Result> extends Claim {
  readonly resolve: (results: Result[]) => void;
  readonly reject: (error: Error) => void;
}

interface Waiting<Result> {
  readonly resolve: (results: Result[]) => void;
  readonly reject: (error: Error) => void;
}

/** Hands each result to the one call that closed its window, or to a loop over all of them. */
export class ResultDesk<Result extends { readonly windowEnd: number }> {
  readonly #claims = new Fifo<Waiter<Result>>();
  readonly #readers = new Fifo<Waiting<Result>>();
  /** In the order in which they came. */
  #results: Result[] = [];
  #claim: Waiter<Result> | undefined;
  #watermark = -Infinity;
  #rows = 0;
  #loops = 0;
  #hasEnded = false;
  #failure: Error | undefined;
  #relieved: (() => void) | undefined;

  /** Whether a loop reads the results: then calls get none. */
  get isRead(): boolean {
    return this.#loops > 0;
  }

  /** Results that have come and that no call waits for, given away. */
  takeRest(): Result[] {
    if (this.#claim || this.isRead) return [];
    const rest = this.#results;
    this.#results = [];
    return rest;
  }

  /** The results of a claim, once they have come; claims are met in their order. */
  claim(claim: Claim): Promise<Result[]> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#claims.push({ ...claim, resolve, reject });
      this.#settle();
    });
  }

  /** Results have come. */
  add(results: readonly Result[]): void {
    for (const result of results) this.#results.push(result);
    this.#settle();
  }

  /** All results of windows that end by a watermark have come. */
  passed(watermark: number): void {
    this.#watermark = Math.max(this.#watermark, watermark);
    this.#settle();
  }

  /** All results have come that so many records have set off, and none that later ones have. */
  settled(rows: number): void {
    this.#rows = Math.max(this.#rows, rows);
    this.#settle();
  }

  /** Resolves when there is room for more results: only a loop can let them wait. */
  async room(): Promise<void> {
    while (this.isRead && !this.#claim && this.#results.length >= MAX_UNREAD) {
      await new Promise<void>((resolve) => this.#relieved = resolve);
    }
  }

  /** No more results will come. */
  end(): void {
    this.#hasEnded = true;
    this.#rows = Infinity;
    this.passed(Infinity);
  }

  /** Whoever waits, or will, gets an error; whether somebody waited. */
  fail(error: Error): boolean {
    this.#failure = error;
    this.#hasEnded = true;
    const waiting = [...this.#claims.drain(), ...this.#readers.drain()];
    if (this.#claim) waiting.push(this.#claim);
    this.#claim = undefined;
    for (const { reject } of waiting) reject(error);
    this.#relieved?.();
    return waiting.length > 0;
  }

  /** All results from now on, one after the other. */
  async *loop(): AsyncGenerator<Result, void, undefined> {
    this.#loops++;
    let [taken, at]: [Result[], number] = [[], 0];
    try {
      while ((taken = await this.#take()).length > 0) {
        for (at = 0; at < taken.length;) yield taken[at++];
      }
    } finally {
      this.#loops--;
      this.#results = [...taken.slice(at), ...this.#results];
      this.#relieved?.();
    }
  }

  /** All that there are; none at the end. */
  #take(): Promise<Result[]> {
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      this.#settle();
    });
  }

  #settle(): void {
    this.#settleClaims();
    if (this.#claim) return;
    while (this.#readers.length > 0 && (this.#results.length > 0 || this.#hasEnded)) {
      const { resolve, reject } = this.#readers.shift()!;
      if (this.#results.length === 0 && this.#failure) reject(this.#failure);
      else resolve(this.#results.splice(0));
      this.#relieved?.();
    }
  }

  #settleClaims(): void {
    this.#claim ??= this.#claims.shift();
    while (this.#claim && this.#isMet(this.#claim)) {
      const { upTo = Infinity, rows, resolve } = this.#claim;
      this.#claim = this.#claims.shift();
      const { taken, left } = parted(this.#results, rows === undefined ? upTo : Infinity);
      this.#results = left;
      resolve(taken);
    }
  }

  #isMet({ upTo = -Infinity, rows = 0 }: Claim): boolean {
    return upTo <= this.#watermark && rows <= this.#rows;
  }
}

/** Results by whether their windows end by a time. */
function parted<Result extends { readonly windowEnd: number }>(
  results: Result[],
  upTo: number,
): { readonly taken: Result[]; readonly left: Result[] } {
  if (results.every(({ windowEnd }) => windowEnd <= upTo)) return { taken: results, left: [] };
  const { taken = [], left = [] } = Object.groupBy(
    results,
    ({ windowEnd }) => windowEnd <= upTo ? "taken" : "left",
  );
  return { taken, left };
}
