import { several } from "../batch/several.ts";
import type { Cancel, Runtime } from "../runtime/runtime.ts";
import type { BeeInit, BeeMessage } from "./bee.ts";
import { BeePlace } from "./bee_place.ts";
import { BeeState, Command, CONTROL_BYTES, ControlBlock } from "./control_block.ts";
import { DanceFloor, danceFloorBytes } from "./dance_floor.ts";
import { Exchange } from "./exchange.ts";
import { damageError, LostBeesError, spawnError, UnfitBeeError } from "./hive_errors.ts";
import { allocateRing, sleepOnAsync } from "./ring_buffer.ts";
import { StreamingError } from "./streaming_error.ts";
import type { TaskSpec } from "./task_loader.ts";

const LONGEST_WATCH_MS = 250;
const SHORTEST_WATCH_MS = 5;
const START_TIMEOUT_MS = 30_000;
const NOT_READY =
  `a bee was not ready after ${START_TIMEOUT_MS} ms; where a function comes from a ` +
  "module, look for a loop, or an await that never ends, at its top level; otherwise the machine " +
  "is too busy: take fewer workers, or leave --check out, which checks the worker's types too";
const STOP_TIMEOUT_MS = 2_000;
const SLEEP_MS = 1_000;
/** A living bee steps at least this often, whatever it waits for. */
const LONGEST_REST_MS = 1_000;

/** What a hive tells whoever uses it. */
export interface HiveEvents {
  /** A frame from a bee; its memory is valid during the call only. */
  frame(bee: number, frame: Uint8Array): void;
  /** A bee is ready to work. */
  ready?(bee: number, message: { readonly needsKeys: boolean }): void;
  /** A bee was lost and its successor has an empty inbox: what was under way must be sent again. */
  lost(bee: number, loss: BeeLoss): void;
  /** The hive cannot go on. */
  failed(error: Error): void;
}

/** How a bee was lost, and over what. */
export interface BeeLoss {
  readonly cause: Error;
  /** The batch and rows that it worked on last. */
  readonly cursor: { readonly batch: number; readonly low: number; readonly high: number };
}

/** Options of a {@linkcode Hive}. */
export interface HiveOptions {
  readonly workers: number;
  readonly runtime: Runtime;
  readonly task: TaskSpec;
  /** Capacity of each ring; a frame is at most half of it. */
  readonly ringBytes: number;
  /** Capacity of each ring between two bees, at most. Default 0: they exchange nothing. */
  readonly exchangeBytes?: number;
  /** A bee that has work and makes no progress for so long counts as hung. */
  readonly recordTimeoutMs: number;
  /** After more losses than this the hive fails. */
  readonly maxLostBees: number;
  readonly events: HiveEvents;
}

/** Spawns bees, carries frames to and from them, and replaces those that are lost. */
export class Hive {
  /** What the bees report about their work. */
  readonly danceFloor: DanceFloor;
  readonly #options: HiveOptions;
  readonly #control: ControlBlock;
  readonly #controlMemory: SharedArrayBuffer;
  readonly #danceMemory: SharedArrayBuffer;
  readonly #beeControls: SharedArrayBuffer[] = [];
  readonly #exchange: Exchange;
  readonly #places: BeePlace[] = [];
  #lostBees = 0;
  #watch: Cancel | undefined;
  #stopping = false;
  #hasFailed = false;

  /** Bees are born by {@linkcode Hive.start}. */
  constructor(options: HiveOptions) {
    const { runtime, workers } = options;
    this.#options = options;
    this.#controlMemory = runtime.sharedMemory(CONTROL_BYTES);
    this.#control = new ControlBlock(this.#controlMemory, runtime);
    this.#danceMemory = runtime.sharedMemory(danceFloorBytes(workers));
    this.danceFloor = new DanceFloor(this.#danceMemory);
    const allocate = (bytes: number) => runtime.sharedMemory(bytes);
    for (let bee = 0; bee < workers; bee++) this.#beeControls.push(allocate(CONTROL_BYTES));
    const ringBytes = options.exchangeBytes ?? 0;
    this.#exchange = new Exchange({ bees: workers, ringBytes, allocate });
  }

  /** How many bees were lost so far. */
  get lostBees(): number {
    return this.#lostBees;
  }

  /**
   * Spawns the bees; resolves when all are ready, rejects when one cannot do its task, or the hive
   * is stopped before.
   */
  async start(): Promise<void> {
    const { workers } = this.#options;
    try {
      for (let bee = 0; bee < workers; bee++) this.#places.push(this.#spawn(bee, 0));
    } catch (cause) {
      const error = spawnError("start", cause);
      this.#fail(error);
      throw error;
    }
    this.#scheduleWatch();
    await Promise.all(this.#places.map((place) => place.ready.promise));
  }

  /** Room in a bee's inbox for a frame of `bytes`, to fill and {@linkcode Hive.send}. */
  reserve(bee: number, bytes: number): Uint8Array | undefined {
    return this.#withRings(() => this.#places[bee].inbox.tryReserve(bytes));
  }

  /** Sends what was filled since {@linkcode Hive.reserve}. */
  send(bee: number): void {
    const { inbox } = this.#places[bee];
    inbox.commit();
    inbox.publish();
  }

  /** Posts a message to the task of a bee, which hears it after what it works on now. */
  post(bee: number, message: unknown): void {
    this.#places[bee].post({ kind: "task", message });
  }

  /** The longest frame that a bee can be sent or can send. */
  get maxFrameBytes(): number {
    return this.#places[0].inbox.maxFrameBytes;
  }

  /** Hands over what the bees have sent; whether there was anything. */
  poll(): boolean {
    let any = false;
    for (let bee = 0; bee < this.#places.length; bee++) any = this.#drain(bee) || any;
    return any;
  }

  #drain(bee: number): boolean {
    const { outbox } = this.#places[bee];
    const frames = this.#withRings(() =>
      outbox.drain((frame) => this.#options.events.frame(bee, frame))
    );
    return frames !== 0;
  }

  /** Where what bees share is damaged the hive fails, and not whoever looked, a timer perhaps. */
  #withRings<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (cause) {
      this.#fail(damageError(cause));
      return undefined;
    }
  }

  #fail(error: Error): void {
    this.#hasFailed = true;
    this.#options.events.failed(error);
  }

  /**
   * Waits until a bee has sent something, or an inbox has room for a frame of so many bytes; at
   * most a second.
   */
  async idle(rooms: ReadonlyMap<number, number> = new Map()): Promise<void> {
    const forRoom = [...rooms].map(([bee, bytes]) => this.#places[bee].inbox.forRoom(bytes));
    const ends = [...this.#places.map((place) => place.outbox), ...forRoom];
    const { runtime: waiter } = this.#options;
    await sleepOnAsync(this.#control.bell, { ends, waiter, timeoutMs: SLEEP_MS })
      .catch((cause) => this.#fail(damageError(cause)));
  }

  /** Ends whoever waits in {@linkcode Hive.idle}. */
  wake(): void {
    this.#control.ring();
  }

  /**
   * Tells the bees to stop; resolves when they have, or after two seconds. Those that have not
   * answered by then are lost: nothing can stop their threads.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#watch?.();
    for (const place of this.#places) place.control.command = Command.stop;
    const { runtime } = this.#options;
    const untilMs = runtime.monotonicMs() + STOP_TIMEOUT_MS;
    const stopped = () =>
      this.#places.every((place) => place.isLost || place.control.state === BeeState.stopped);
    while (!stopped() && runtime.monotonicMs() < untilMs) {
      await new Promise<void>((resolve) => runtime.after(1, resolve));
    }
    const stopError = new StreamingError("Cannot start: it was stopped before all bees were ready");
    for (const place of this.#places) {
      if (!place.isLost && place.control.state !== BeeState.stopped) this.#lostBees++;
      place.ready.reject(stopError);
      place.terminate();
    }
  }

  /** Gives a bee up, as if it hung; its successor is spawned at once. */
  replace(bee: number, cause: Error): void {
    const { events, maxLostBees } = this.#options;
    const place = this.#places[bee];
    if (place.isLost || this.#stopping) return;
    this.#drain(bee); // what it has published is good
    if (this.#hasFailed) return;
    const cursor = place.control.cursor();
    place.abandon();
    this.#lostBees++;
    if (this.#lostBees > maxLostBees) {
      const message =
        `Cannot go on: ${several(this.#lostBees, "bee")} ${
          this.#lostBees === 1 ? "was" : "were"
        } lost, more than maxLostBees (${maxLostBees}); ` +
        `the last one because: ${cause.message}`;
      return this.#giveUp(place, new LostBeesError(message, { cause }));
    }
    this.danceFloor.clear(bee);
    this.#exchange.renew(bee);
    try {
      this.#beeControls[bee] = this.#options.runtime.sharedMemory(CONTROL_BYTES);
      this.#places[bee] = this.#spawn(bee, place.incarnation + 1);
    } catch (reason) {
      return this.#giveUp(place, spawnError("go on", reason));
    }
    place.ready.resolve(this.#places[bee].ready.promise);
    this.#introduce(bee);
    events.lost(bee, { cause, cursor });
  }

  #giveUp(place: BeePlace, error: Error): void {
    place.giveUp();
    place.ready.reject(error);
    this.#fail(error);
  }

  /** Tells the other bees of the rings to and from a new one. */
  #introduce(bee: number): void {
    for (let other = 0; other < this.#places.length; other++) {
      if (other === bee) continue;
      const peer = this.#exchange.peersOf(other, this.#beeControls).find((each) =>
        each.bee === bee
      );
      if (peer) this.#places[other].post({ kind: "peer", peer });
    }
  }

  /** What a bee is born with: rings of its own, and its view of what all share. */
  #initOf(bee: number, incarnation: number): BeeInit {
    const { runtime, ringBytes, task } = this.#options;
    const allocate = (bytes: number) => runtime.sharedMemory(bytes);
    return {
      bee,
      incarnation,
      control: this.#beeControls[bee],
      hive: this.#controlMemory,
      danceFloor: this.#danceMemory,
      inbox: allocateRing(ringBytes, { allocate }),
      outbox: allocateRing(ringBytes, { allocate }),
      peers: this.#exchange.peersOf(bee, this.#beeControls),
      task,
    };
  }

  #spawn(bee: number, incarnation: number): BeePlace {
    return new BeePlace(this.#initOf(bee, incarnation), {
      runtime: this.#options.runtime,
      toHive: this.#control.bell,
      heard: (message) => this.#heard(bee, incarnation, message),
      failed: (error) => this.#failed(bee, incarnation, error),
    });
  }

  #heard(bee: number, incarnation: number, message: unknown): void {
    const place = this.#places[bee];
    // A bee speaks once. What else is posted comes from the user's function, or a module of theirs.
    if (place.incarnation !== incarnation || place.isReady || !isBeeMessage(message)) return;
    if (message.kind === "ready") {
      place.present();
      this.#options.events.ready?.(bee, message);
      return place.ready.resolve();
    }
    this.#unfit(place, message.message);
  }

  #unfit(place: BeePlace, reason: string): void {
    this.#giveUp(place, new UnfitBeeError(`Cannot start: ${reason}`));
  }

  #failed(bee: number, incarnation: number, error: Error): void {
    const place = this.#places[bee];
    if (place.incarnation !== incarnation || place.isLost) return;
    // One of the first bees failed before it was ready (no permission to read its module, say): its
    // successors would fail likewise, and the user's records be blamed for it.
    if (incarnation === 0 && !place.isReady) return this.#unfit(place, error.message);
    // An uncaught error of the worker leaves its engine in an unknown state.
    this.replace(bee, error);
  }

  get #periodMs(): number {
    const quarterMs = this.#options.recordTimeoutMs / 4;
    return Math.min(LONGEST_WATCH_MS, Math.max(SHORTEST_WATCH_MS, quarterMs));
  }

  /** How long a bee may stand still: one that waits looks up only now and then. */
  #patienceMs({ control }: BeePlace): number {
    const restMs = control.state === BeeState.working ? 0 : LONGEST_REST_MS;
    return this.#options.recordTimeoutMs + this.#periodMs + restMs;
  }

  #scheduleWatch(): void {
    this.#watch = this.#options.runtime.after(this.#periodMs, () => {
      if (this.#stopping) return;
      this.#lookAfterBees();
      this.#scheduleWatch();
    });
  }

  /** Replaces bees that have work and make no progress, or have stopped stepping at all. */
  #lookAfterBees(): void {
    const { runtime, recordTimeoutMs } = this.#options;
    const nowMs = runtime.monotonicMs();
    for (let bee = 0; bee < this.#places.length; bee++) {
      const place = this.#places[bee];
      if (place.isLost) continue;
      const stillMs = place.stillMs(nowMs);
      if (stillMs < (place.isReady ? this.#patienceMs(place) : START_TIMEOUT_MS)) continue;
      if (place.isReady) {
        this.replace(bee, new Error(`no progress for ${recordTimeoutMs} ms (recordTimeout)`));
      } else if (place.incarnation > 0) this.replace(bee, new Error(NOT_READY));
      else this.#unfit(place, NOT_READY); // as its successors would be
    }
  }
}

function isBeeMessage(message: unknown): message is BeeMessage {
  if (typeof message !== "object" || message === null || !("kind" in message)) return false;
  return message.kind === "ready" || message.kind === "unfit";
}
