import type { DanceFloor } from "./dance_floor.ts";
import { assignRoles, type Role } from "./roles.ts";
import type { WorkQueue, WorkRange } from "./work_queue.ts";

const MAX_OUTSTANDING = 3;
const TRIAL_ROWS = 8;
const RANGE_MS = 4;
const NS_PER_MS = 1e6;
const SHORT_MS = 0.3;
/** A bee without a result for so long is at a record that may take for ever. */
const STILL_MS = 1;
const SLOW_GROUP_FACTOR = 4;
const SLOW_BEE_FACTOR = 2;

/** What a bee has been given and not finished. */
export interface Outstanding {
  readonly range: WorkRange;
  /** The first row without a result. */
  done: number;
}

/**
 * Decides which bee gets which records next, by the quality that the bees dance.
 *
 * A bee holds at most a few unfinished ranges, each worth a few milliseconds, so that a slow bee
 * holds up little and urgent records wait for little. A bee much slower than the rest gets work
 * only while the others could not finish all that waits before it finishes this.
 */
export class Scheduler {
  readonly #queue: WorkQueue;
  readonly #floor: DanceFloor;
  readonly #outstanding: Map<number, Outstanding>[];
  readonly #rows: number[];
  readonly #nowMs: () => number;
  /** When each bee had its last result, or its first work since it had none. */
  readonly #movedMs: number[];
  readonly #turns: number[];
  #roles: (readonly Role[])[];
  /** Smoothed cost of a row by key group, to tell the slow ones. */
  readonly #groupCostNs = new Map<number, number>();

  /** A scheduler of `bees` bees. */
  constructor(
    queue: WorkQueue,
    options: { floor: DanceFloor; bees: number; nowMs: () => number },
  ) {
    this.#queue = queue;
    this.#floor = options.floor;
    this.#nowMs = options.nowMs;
    this.#outstanding = Array.from({ length: options.bees }, () => new Map());
    this.#rows = new Array(options.bees).fill(0);
    this.#movedMs = new Array(options.bees).fill(0);
    this.#turns = Array.from({ length: options.bees }, (_, bee) => bee);
    this.#roles = assignRoles(this.#load(0));
  }

  /** What each bee is there for. */
  get roles(): readonly (readonly Role[])[] {
    return this.#roles;
  }

  /** Rows that are with a bee. */
  get rowsInFlight(): number {
    return this.#rows.reduce((sum, rows) => sum + rows, 0);
  }

  /** Ranges that are with a bee. */
  rangesAt(bee: number): number {
    return this.#outstanding[bee].size;
  }

  /** Gives out the roles anew. */
  shiftRoles(newSources: number): void {
    this.#roles = assignRoles(this.#load(newSources));
  }

  /**
   * The bees in the order in which they should be asked: one that stands still comes last, for what
   * it is given waits behind a record that is slow, while others could do it at once.
   */
  turns(): readonly number[] {
    const nowMs = this.#nowMs();
    const still = this.#turns.filter((bee) => this.#standsStill(bee, nowMs));
    if (still.length === 0) return this.#turns;
    return [...this.#turns.filter((bee) => !still.includes(bee)), ...still];
  }

  #standsStill(bee: number, nowMs: number): boolean {
    return this.#rows[bee] > 0 && nowMs - this.#movedMs[bee] > STILL_MS;
  }

  /** Whether the bee may be given more now. */
  hasRoom(bee: number): boolean {
    return this.#mayTakeMore(bee) && !(this.#rows[bee] === 0 && this.#canLetSleep(bee));
  }

  #mayTakeMore(bee: number): boolean {
    return this.#outstanding[bee].size < MAX_OUTSTANDING && !this.#holdsSuspect(bee);
  }

  /**
   * Whether another bee, awake, will be done so soon that it may as well take what comes next:
   * waking a bee costs more than many records do.
   */
  #canLetSleep(bee: number): boolean {
    return this.#rows.some((rows, other) => {
      if (rows === 0 || other === bee || !this.#mayTakeMore(other)) return false;
      const { costNs, latencyMs } = this.#floor.read(other);
      if (costNs === 0 || latencyMs >= SHORT_MS) return false;
      return rows * costNs < SHORT_MS * NS_PER_MS && !this.#standsStill(other, this.#nowMs());
    });
  }

  /** Takes the range that the bee should have next out of the queue, if there is one. */
  next(bee: number): WorkRange | undefined {
    if (this.#queue.rows === 0 || !this.hasRoom(bee)) return undefined;
    const head = this.#choose(bee);
    if (!head) return undefined;
    const rows = this.#rowsFor(head, bee);
    if (!this.#worthwhile(bee, rows)) return undefined;
    return this.#queue.take(head, { bee, rows });
  }

  /** The range is with the bee from now on, under this number. */
  sent(bee: number, id: number, range: WorkRange): void {
    if (this.#rows[bee] === 0) this.#movedMs[bee] = this.#nowMs();
    this.#outstanding[bee].set(id, { range, done: range.from });
    this.#rows[bee] += range.to - range.from;
  }

  /** What the bee has under this number. */
  at(bee: number, id: number): Outstanding | undefined {
    return this.#outstanding[bee].get(id);
  }

  /** So many more rows of the range have results. */
  progressed(bee: number, id: number, rows: number): void {
    const outstanding = this.#outstanding[bee].get(id);
    if (!outstanding) return;
    outstanding.done += rows;
    this.#rows[bee] -= rows;
    this.#movedMs[bee] = this.#nowMs();
    if (outstanding.done < outstanding.range.to) return;
    this.#outstanding[bee].delete(id);
    this.#queue.settle(outstanding.range);
    this.#learn(outstanding.range.batch.group, this.#floor.read(bee).costNs);
  }

  /** Takes back all that a lost bee had, oldest first. */
  reclaim(bee: number): (Outstanding & { readonly id: number })[] {
    const lost = [...this.#outstanding[bee]].map(([id, each]) => ({ id, ...each }));
    this.#outstanding[bee].clear();
    this.#rows[bee] = 0;
    for (const { range } of lost) this.#queue.settle(range);
    return lost;
  }

  #load(newSources: number) {
    const bees = this.#outstanding.length;
    const utilization = this.#rows.map((_, bee) => this.#floor.read(bee).utilization);
    const urgentRows = this.#queue.priorityRows + this.#slowRows();
    return { bees, waitingRows: this.#queue.rows, urgentRows, newSources, utilization };
  }

  #slowRows(): number {
    let rows = 0;
    for (const head of this.#queue.heads(-1)) if (this.#isSlow(head)) rows += head.to - head.from;
    return rows;
  }

  #isSlow(range: WorkRange): boolean {
    if (range.losses > 0) return true;
    const costs = this.#groupCostNs;
    const costNs = costs.get(range.batch.group);
    if (costNs === undefined || costs.size < 2) return false;
    let sum = 0;
    for (const each of costs.values()) sum += each;
    return costNs > SLOW_GROUP_FACTOR * (sum - costNs) / (costs.size - 1);
  }

  #learn(group: number, costNs: number): void {
    const before = this.#groupCostNs.get(group) ?? costNs;
    this.#groupCostNs.set(group, before + 0.2 * (costNs - before));
  }

  #holdsSuspect(bee: number): boolean {
    for (const { range } of this.#outstanding[bee].values()) if (range.losses > 0) return true;
    return false;
  }

  /** The most fitting head for the bee: by its role, then the oldest. */
  #choose(bee: number): WorkRange | undefined {
    const isOnlooker = this.#roles[bee].includes("onlooker");
    const onlookerHasRoom = this.#roles.some((roles, other) =>
      other !== bee && roles.includes("onlooker") &&
      this.#outstanding[other].size < MAX_OUTSTANDING
    );
    let best: WorkRange | undefined;
    let bestRank = Infinity;
    for (const head of this.#queue.heads(bee)) {
      // What has cost a bee before is done by a bee that has nothing else to lose.
      if (head.losses > 0 && this.#outstanding[bee].size > 0) continue;
      const urgent = head.batch.priority || (isOnlooker && this.#isSlow(head));
      const rank = urgent && (isOnlooker || !onlookerHasRoom) ? 0 : urgent ? 2 : 1;
      if (rank > bestRank) continue;
      if (rank === bestRank && best && head.batch.order >= best.batch.order) continue;
      best = head;
      bestRank = rank;
    }
    return best;
  }

  /** As many rows as a few milliseconds hold; few while the cost is unknown. */
  #rowsFor(head: WorkRange, bee: number): number {
    const costNs = this.#floor.read(bee).costNs || this.#averageCostNs();
    if (costNs === 0) return TRIAL_ROWS;
    const rows = Math.max(1, Math.floor(RANGE_MS * NS_PER_MS / costNs));
    const all = head.to - head.from;
    // Not worth a second trip for a small rest.
    return all <= 2 * rows ? all : rows;
  }

  #averageCostNs(): number {
    let sum = 0;
    let known = 0;
    for (let bee = 0; bee < this.#rows.length; bee++) {
      const { costNs } = this.#floor.read(bee);
      if (costNs > 0) sum += costNs, known++;
    }
    return known === 0 ? 0 : sum / known;
  }

  /**
   * Whether the bee should take these rows: always, unless it is slow and the others would have
   * finished all that waits before it had finished these.
   */
  #worthwhile(bee: number, rows: number): boolean {
    const nowMs = this.#nowMs();
    const costs = this.#rows.map((_, each) =>
      // Nobody knows when one that stands still goes on: it does not count.
      each !== bee && this.#standsStill(each, nowMs) ? Infinity : this.#floor.read(each).costNs
    );
    if (costs.includes(0) || costs[bee] <= SLOW_BEE_FACTOR * Math.min(...costs)) return true;
    let speed = 0;
    let rowsAhead = this.#queue.rows;
    for (let other = 0; other < costs.length; other++) {
      if (other === bee) continue;
      speed += 1 / costs[other];
      rowsAhead += this.#rows[other];
    }
    return (this.#rows[bee] + rows) * costs[bee] <= rowsAhead / speed;
  }
}
