import type { Settlement } from "../source.ts";
import type { SettledListener } from "./settling.ts";

/** A settlement as a source sees it whose partitions have these numbers among all, more to come. */
export function settlementAmong(
  all: Settlement,
  numbers: readonly number[],
  onRestart: NonNullable<Settlement["onRestart"]>,
): Settlement {
  return {
    onRestart,
    keepsRows: all.keepsRows,
    onSettled: (listener) =>
      all.onSettled((positions) => {
        const own = new Map<number, number>();
        for (const [partition, number] of numbers.entries()) {
          const position = positions.get(number);
          if (position !== undefined) own.set(partition, position);
        }
        if (own.size > 0) return listener(own);
      }),
    onFinished: (listener) => all.onFinished(listener),
  };
}

/** What several who read the same rows have settled: of each partition what all of them have. */
export class JointSettlement implements Settlement {
  readonly #all: readonly Settlement[];
  readonly #listeners: SettledListener[] = [];
  readonly #told: Map<number, number>[];
  readonly #joint = new Map<number, number>();

  /** Of some settlements, one of each reader. */
  constructor(all: readonly Settlement[]) {
    this.#all = all;
    this.#told = all.map(() => new Map());
  }

  get keepsRows(): boolean {
    return this.#all.some(({ keepsRows }) => keepsRows);
  }

  /** Partitions are counted anew. */
  restart(): void {
    this.#joint.clear();
    for (const told of this.#told) told.clear();
  }

  onSettled(listener: SettledListener): void {
    this.#listeners.push(listener);
    if (this.#listeners.length > 1) return;
    // Not before somebody listens: until then no reader need keep account.
    this.#all.forEach((each, at) => each.onSettled((positions) => this.#settled(at, positions)));
  }

  onFinished(listener: () => void | Promise<void>): void {
    let left = this.#all.length;
    // a reader that ends may be waited for by the others, which it does not wait for
    for (const each of this.#all) each.onFinished(() => --left === 0 ? listener() : undefined);
  }

  async #settled(reader: number, positions: ReadonlyMap<number, number>): Promise<void> {
    const joint = new Map<number, number>();
    for (const [partition, position] of positions) {
      this.#told[reader].set(partition, position);
      const least = Math.min(...this.#told.map((told) => told.get(partition) ?? -Infinity));
      if (least <= (this.#joint.get(partition) ?? -Infinity)) continue;
      joint.set(partition, least);
      this.#joint.set(partition, least);
    }
    if (joint.size > 0) await Promise.all(this.#listeners.map((listener) => listener(joint)));
  }
}
