import { DanceFloor, danceFloorBytes, type Dancer } from "../../src/hive/dance_floor.ts";
import { Scheduler } from "../../src/hive/scheduler.ts";
import { WorkQueue, type WorkRange } from "../../src/hive/work_queue.ts";

const NS_PER_MS = 1e6;

interface Job {
  readonly id: number;
  readonly range: WorkRange;
}

/** What one of the virtual bees was given, and when. */
export interface Given extends Job {
  readonly bee: number;
  readonly atMs: number;
}

/** Options of {@linkcode VirtualBees}. */
export interface VirtualBeesOptions {
  readonly bees: number;
  readonly groups?: number;
  readonly ordered?: boolean;
  /** What a row of a range costs a bee. */
  readonly costNs: (bee: number, range: WorkRange) => number;
}

/** Bees that only take time, under a real scheduler. */
export class VirtualBees {
  readonly queue: WorkQueue;
  readonly scheduler: Scheduler;
  readonly floor: DanceFloor;
  /** Everything that was given out, in order. */
  readonly given: Given[] = [];
  readonly #options: VirtualBeesOptions;
  readonly #dancers: Dancer[];
  readonly #jobs: Job[][];
  readonly #endsMs: number[];
  #nowMs = 0;
  #id = 0;

  constructor(options: VirtualBeesOptions) {
    const { bees, groups = 32, ordered = true } = options;
    this.#options = options;
    this.queue = new WorkQueue(groups, { ordered });
    this.floor = new DanceFloor(new SharedArrayBuffer(danceFloorBytes(bees)));
    const nowMs = () => this.#nowMs;
    this.scheduler = new Scheduler(this.queue, { floor: this.floor, bees, nowMs });
    this.#dancers = Array.from({ length: bees }, (_, bee) => this.floor.dancer(bee));
    this.#jobs = Array.from({ length: bees }, () => []);
    this.#endsMs = new Array(bees).fill(Infinity);
  }

  /** Virtual time so far. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Rows that a bee was given. */
  rowsOf(bee: number): number {
    return this.given.filter((each) => each.bee === bee)
      .reduce((sum, { range }) => sum + range.to - range.from, 0);
  }

  /** Gives out all that the scheduler gives. */
  dispatch(): void {
    const turns = this.scheduler.turns();
    for (let any = true; any;) {
      any = false;
      for (const bee of turns) any = this.give(bee) || any;
    }
  }

  /** Gives a bee what the scheduler has for it; false when that is nothing. */
  give(bee: number): boolean {
    const range = this.scheduler.next(bee);
    if (!range) return false;
    const job = { id: this.#id++, range };
    this.scheduler.sent(bee, job.id, range);
    this.given.push({ ...job, bee, atMs: this.#nowMs });
    if (this.#jobs[bee].push(job) === 1) this.#begin(bee);
    return true;
  }

  #begin(bee: number): void {
    const [job] = this.#jobs[bee];
    this.#endsMs[bee] = job ? this.#nowMs + this.#busyMs(bee, job.range) : Infinity;
  }

  #busyMs(bee: number, range: WorkRange): number {
    return (range.to - range.from) * this.#options.costNs(bee, range) / NS_PER_MS;
  }

  /** Lets time pass in which nothing is finished. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }

  /** Lets time pass until the next piece of work is finished; false when there is none. */
  step(): boolean {
    const endMs = Math.min(...this.#endsMs);
    if (endMs === Infinity) return false;
    const bee = this.#endsMs.indexOf(endMs);
    this.#nowMs = endMs;
    const { id, range } = this.#jobs[bee].shift()!;
    const rows = range.to - range.from;
    const busyMs = this.#busyMs(bee, range);
    this.#dancers[bee].worked(rows, busyMs, busyMs, endMs);
    this.#dancers[bee].finishedBatch(busyMs);
    this.scheduler.progressed(bee, id, rows);
    this.#begin(bee);
    return true;
  }

  /** The bee is lost: what it had is put back, oldest first. */
  lose(bee: number): void {
    this.#jobs[bee] = [];
    this.#endsMs[bee] = Infinity;
    for (const { range, done } of this.scheduler.reclaim(bee).reverse()) {
      if (done < range.to) {
        this.queue.putBack({ ...range, from: done, losses: range.losses + 1 });
      }
    }
    this.floor.clear(bee);
  }

  /** Works until nothing is left. */
  run(): void {
    do this.dispatch(); while (this.step());
  }
}
