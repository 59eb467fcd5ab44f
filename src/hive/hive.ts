import type { Cancel, Runtime, SpawnOptions, WorkerHandle } from "../runtime/runtime.ts";
import {
  Bee,
  type BeeInit,
  type BeeMail,
  type BeeMessage,
  inboxOptions,
  outboxOptions,
} from "./bee.ts";
import { BEE_MODULE } from "./bee_module.ts";
import { BeeState, Command, CONTROL_BYTES, ControlBlock } from "./control_block.ts";
import { DanceFloor, danceFloorBytes } from "./dance_floor.ts";
import { Exchange } from "./exchange.ts";
import { allocateRing, RingReader, RingWriter, sleepOnAsync } from "./ring_buffer.ts";
import { RingCorruptedError } from "./ring_memory.ts";
import { StreamingError } from "./streaming_error.ts";
import type { TaskSpec } from "./task_loader.ts";
import { loadTask } from "./tasks.ts";

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

/** Too many bees were lost: the stream has failed. */
export class LostBeesError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "LostBeesError";
}

/** The bees cannot run the user's function. */
export class UnfitBeeError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "UnfitBeeError";
}

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

interface Place {
  readonly control: ControlBlock;
  readonly inbox: RingWriter;
  readonly outbox: RingReader;
  readonly worker: WorkerHandle;
  readonly incarnation: number;
  readonly ready: PromiseWithResolvers<void>;
  isReady: boolean;
  lost: boolean;
  lastProgress: number;
  progressAtMs: number;
  lastBeats: number;
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
  readonly #places: Place[] = [];
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
    this.#mail(bee, { kind: "task", message });
  }

  #mail(bee: number, mail: BeeMail): void {
    const { control, worker } = this.#places[bee];
    worker.post(mail);
    control.announceMail();
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
      this.#places.every((place) => place.lost || place.control.state === BeeState.stopped);
    while (!stopped() && runtime.monotonicMs() < untilMs) {
      await new Promise<void>((resolve) => runtime.after(1, resolve));
    }
    const stopError = new StreamingError("Cannot start: it was stopped before all bees were ready");
    for (const place of this.#places) {
      if (!place.lost && place.control.state !== BeeState.stopped) this.#lostBees++;
      place.ready.reject(stopError);
      place.worker.terminate();
    }
  }

  /** Gives a bee up, as if it hung; its successor is spawned at once. */
  replace(bee: number, cause: Error): void {
    const { events, maxLostBees } = this.#options;
    const place = this.#places[bee];
    if (place.lost || this.#stopping) return;
    this.#drain(bee); // what it has published is good
    if (this.#hasFailed) return;
    place.lost = true;
    const cursor = place.control.cursor();
    place.control.command = Command.stop;
    place.worker.terminate();
    place.inbox.abandon();
    this.#lostBees++;
    if (this.#lostBees > maxLostBees) {
      const message =
        `Cannot go on: ${this.#lostBees} bees were lost, more than maxLostBees (${maxLostBees}); ` +
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

  #giveUp(place: Place, error: Error): void {
    place.lost = true;
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
      if (peer) this.#mail(other, { kind: "peer", peer });
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

  #spawn(bee: number, incarnation: number): Place {
    const { runtime } = this.#options;
    const init = this.#initOf(bee, incarnation);
    const control = new ControlBlock(init.control, runtime);
    const bells = { toBee: control.bell, toHive: this.#control.bell };
    const ready = Promise.withResolvers<void>();
    ready.promise.catch(() => {}); // told by `failed` to those who do not wait for the start
    const worker = runtime.spawn({
      module: BEE_MODULE,
      name: `bee ${bee}.${incarnation}`,
      init,
      inProcess: bornHere,
    }, {
      message: (message) => this.#heard(bee, incarnation, message),
      error: (error) => this.#failed(bee, incarnation, error),
    });
    return {
      control,
      inbox: new RingWriter(init.inbox, inboxOptions(bells, runtime)),
      outbox: new RingReader(init.outbox, outboxOptions(bells, runtime)),
      worker,
      incarnation,
      ready,
      isReady: false,
      lost: false,
      lastProgress: 0,
      progressAtMs: runtime.monotonicMs(),
      lastBeats: 0,
    };
  }

  #heard(bee: number, incarnation: number, message: unknown): void {
    const place = this.#places[bee];
    // A bee speaks once. What else is posted comes from the user's function, or a module of theirs.
    if (place.incarnation !== incarnation || place.isReady || !isBeeMessage(message)) return;
    if (message.kind === "ready") {
      place.isReady = true;
      place.progressAtMs = this.#options.runtime.monotonicMs();
      this.#options.events.ready?.(bee, message);
      return place.ready.resolve();
    }
    this.#unfit(place, message.message);
  }

  #unfit(place: Place, reason: string): void {
    this.#giveUp(place, new UnfitBeeError(`Cannot start: ${reason}`));
  }

  #failed(bee: number, incarnation: number, error: Error): void {
    const place = this.#places[bee];
    if (place.incarnation !== incarnation || place.lost) return;
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
  #patienceMs({ control }: Place): number {
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
      if (place.lost) continue;
      if (place.isReady && isWell(place)) {
        place.progressAtMs = nowMs;
        continue;
      }
      const limitMs = place.isReady ? this.#patienceMs(place) : START_TIMEOUT_MS;
      if (nowMs - place.progressAtMs < limitMs) continue;
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

function spawnError(doing: string, cause: unknown): StreamingError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot ${doing}: a bee cannot be spawned: ${reason}; fewer workers or a ` +
    "smaller ringBytes take less memory";
  return new StreamingError(message, { cause });
}

function damageError(cause: unknown): StreamingError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof RingCorruptedError)) {
    return new StreamingError(`Cannot go on: ${reason}`, { cause });
  }
  const message =
    `Cannot go on: a ring between the stream and a bee is damaged: ${reason}; do not ` +
    "trust results that came just before, and make a new stream";
  return new RingCorruptedError(message, { cause });
}

/** Whether the bee has moved since the last look, as far as it should. */
function isWell(place: Place): boolean {
  const { progress, beats } = place.control;
  const moved = progress !== place.lastProgress ||
    (!hasWork(place) && beats !== place.lastBeats);
  place.lastProgress = progress;
  place.lastBeats = beats;
  return moved;
}

/** Whether the bee should be making progress: it works, or work waits in its inbox. */
function hasWork({ control, inbox }: Place): boolean {
  const { state } = control;
  return state === BeeState.working || (state === BeeState.idle && inbox.queuedBytes > 0);
}

/** A bee in the spawner's own thread, as a simulation has them. */
const bornHere: SpawnOptions["inProcess"] = (init, runtime, post) => {
  const presented = (bee: Bee) => {
    post(bee.ready);
    return bee;
  };
  const bee = Bee.born(init as BeeInit, { runtime, loadTask });
  return bee instanceof Promise ? bee.then(presented) : presented(bee);
};
