import type { Runtime, WorkerHandle } from "../runtime/runtime.ts";
import { type BeeInit, type BeeMail, inboxOptions, outboxOptions } from "./bee.ts";
import { bornHere } from "./bee_here.ts";
import { BEE_MODULE } from "./bee_module.ts";
import { BeeState, Command, ControlBlock } from "./control_block.ts";
import { type Bell, RingReader, RingWriter } from "./ring_buffer.ts";

/** What a {@linkcode BeePlace} is made with. */
export interface PlaceOptions {
  readonly runtime: Runtime;
  /** What calls the hive. */
  readonly toHive: Bell;
  /** The bee, or what runs in its thread, has posted something. */
  readonly heard: (message: unknown) => void;
  /** An error was not caught in its thread. */
  readonly failed: (error: Error) => void;
}

/** A bee as its hive has it: its thread, and the other ends of what it shares with it. */
export class BeePlace {
  /** How many bees had this place before. */
  readonly incarnation: number;
  readonly control: ControlBlock;
  readonly inbox: RingWriter;
  readonly outbox: RingReader;
  /** Settled when the bee has said whether it can do its task. */
  readonly ready: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #runtime: Runtime;
  readonly #worker: WorkerHandle;
  #isReady = false;
  #isLost = false;
  #progressAtMs: number;
  #lastProgress = 0;
  #lastBeats = 0;

  /** Spawns the bee. */
  constructor(init: BeeInit, { runtime, toHive, heard, failed }: PlaceOptions) {
    this.incarnation = init.incarnation;
    this.#runtime = runtime;
    this.control = new ControlBlock(init.control, runtime);
    const bells = { toBee: this.control.bell, toHive };
    this.ready.promise.catch(() => {}); // told by `failed` to those who do not wait for the start
    this.#worker = runtime.spawn({
      module: BEE_MODULE,
      name: `bee ${init.bee}.${init.incarnation}`,
      init,
      ...bornHere(),
    }, { message: heard, error: failed });
    this.inbox = new RingWriter(init.inbox, inboxOptions(bells, runtime));
    this.outbox = new RingReader(init.outbox, outboxOptions(bells, runtime));
    this.#progressAtMs = runtime.monotonicMs();
  }

  /** Whether it has said that it is ready. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether it was given up. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** It has said that it is ready. */
  present(): void {
    this.#isReady = true;
    this.#progressAtMs = this.#runtime.monotonicMs();
  }

  /** Posts something, which it looks for after what it works on now. */
  post(mail: BeeMail): void {
    this.#worker.post(mail);
    this.control.announceMail();
  }

  /** Nothing more is expected of it. */
  giveUp(): void {
    this.#isLost = true;
  }

  /** Tells it to stop, and its thread to end, where that can be ended. */
  abandon(): void {
    this.giveUp();
    this.control.command = Command.stop;
    this.terminate();
    this.inbox.abandon();
  }

  /** Ends its thread, where that can be ended. */
  terminate(): void {
    this.#worker.terminate();
  }

  /** For how long it has stood still as far as the looks tell, ms. */
  stillMs(nowMs: number): number {
    if (this.#isReady && this.#isWell()) this.#progressAtMs = nowMs;
    return nowMs - this.#progressAtMs;
  }

  /** Whether it has moved since the last look, as far as it should. */
  #isWell(): boolean {
    const { progress, beats } = this.control;
    const moved = progress !== this.#lastProgress ||
      (!this.#hasWork() && beats !== this.#lastBeats);
    this.#lastProgress = progress;
    this.#lastBeats = beats;
    return moved;
  }

  /** Whether it should be making progress: it works, or work waits in its inbox. */
  #hasWork(): boolean {
    const { state } = this.control;
    return state === BeeState.working || (state === BeeState.idle && this.inbox.queuedBytes > 0);
  }
}
