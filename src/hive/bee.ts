import type { Runtime, StepOutcome, Steppable, Waiter } from "../runtime/runtime.ts";
import { BeeState, Command, ControlBlock } from "./control_block.ts";
import type { BeeTask, Peer } from "./bee_task.ts";
import { DanceFloor, type Dancer } from "./dance_floor.ts";
import {
  type Bell,
  type RingOptions,
  RingReader,
  RingWriter,
  type Sleeper,
} from "./ring_buffer.ts";
import type { TaskLoader, TaskSpec } from "./task_loader.ts";

/** The shared memory between a bee and another one. */
export interface PeerMemory {
  /** The other one's place in the hive. */
  readonly bee: number;
  /** The other one's control block, on whose bell it sleeps. */
  readonly control: SharedArrayBuffer;
  /** The ring from the other one. */
  readonly incoming: SharedArrayBuffer;
  /** The ring to the other one. */
  readonly outgoing: SharedArrayBuffer;
}

/** What is posted to a bee after its birth. */
export type BeeMail =
  /** Another bee was replaced: these are the rings from now on. */
  | { readonly kind: "peer"; readonly peer: PeerMemory }
  /** A message for its task. */
  | { readonly kind: "task"; readonly message: unknown };

/** What a new bee is born with; crosses to its thread as a message. */
export interface BeeInit {
  /** Its place in the hive, from 0. */
  readonly bee: number;
  /** How many bees had this place before. */
  readonly incarnation: number;
  /** Its own control block. */
  readonly control: SharedArrayBuffer;
  /** The hive's control block, whose bell calls the main thread. */
  readonly hive: SharedArrayBuffer;
  /** The table of all bees' reports. */
  readonly danceFloor: SharedArrayBuffer;
  /** The ring of work. */
  readonly inbox: SharedArrayBuffer;
  /** The ring of results. */
  readonly outbox: SharedArrayBuffer;
  /** The rings to and from each other bee; none when the bees exchange nothing. */
  readonly peers: readonly PeerMemory[];
  /** What it does with the work. */
  readonly task: TaskSpec;
}

/** What a bee posts once: that it is ready, or why it will never be. */
export type BeeMessage =
  | { readonly kind: "ready"; readonly needsKeys: boolean }
  | { readonly kind: "unfit"; readonly name: string; readonly message: string };

interface Bells {
  readonly toBee: Bell;
  readonly toHive: Bell;
}

/** How both sides open the ring from the hive to a bee. */
export function inboxOptions({ toBee, toHive }: Bells, waiter: Waiter): RingOptions {
  return { waiter, bells: { reader: toBee, writer: toHive } };
}

/** How both sides open the ring from a bee to the hive. */
export function outboxOptions({ toBee, toHive }: Bells, waiter: Waiter): RingOptions {
  return { waiter, bells: { reader: toHive, writer: toBee } };
}

function openPeer(memory: PeerMemory, toBee: Bell, waiter: Waiter): Peer {
  const toPeer = new ControlBlock(memory.control, waiter).bell;
  return {
    incoming: new RingReader(memory.incoming, { waiter, bells: { reader: toBee, writer: toPeer } }),
    outgoing: new RingWriter(memory.outgoing, { waiter, bells: { reader: toPeer, writer: toBee } }),
    bell: toPeer,
  };
}

const STATES = {
  worked: BeeState.working,
  idle: BeeState.idle,
  waitingForRoom: BeeState.waitingForRoom,
} as const;

/** A worker of the hive: takes frames from its inbox, gives frames to its outbox, step by step. */
export class Bee implements Steppable {
  /** Its control block. */
  readonly control: ControlBlock;
  /** News that came between the last look and the sleep must not wait for its end. */
  readonly #stop: Sleeper = {
    arm: () => this.control.command === Command.run && !this.awaitsMail,
    disarm: () => {},
  };
  readonly #inbox: RingReader;
  readonly #task: BeeTask;
  readonly #dancer: Dancer;
  readonly #runtime: Runtime;
  readonly #peers: (Peer | undefined)[];
  #mail = 0;

  private constructor(
    control: ControlBlock,
    parts: {
      inbox: RingReader;
      task: BeeTask;
      dancer: Dancer;
      runtime: Runtime;
      peers: (Peer | undefined)[];
    },
  ) {
    this.control = control;
    this.#inbox = parts.inbox;
    this.#task = parts.task;
    this.#dancer = parts.dancer;
    this.#runtime = parts.runtime;
    this.#peers = parts.peers;
  }

  /** Makes a bee from what its thread was sent: loads its function and opens its rings. */
  static born(
    init: BeeInit,
    { runtime, loadTask }: { readonly runtime: Runtime; readonly loadTask: TaskLoader },
  ): Bee | Promise<Bee> {
    const control = new ControlBlock(init.control, runtime);
    const hive = new ControlBlock(init.hive, runtime);
    const dancer = new DanceFloor(init.danceFloor).dancer(init.bee);
    const bells = { toBee: control.bell, toHive: hive.bell };
    const peers: (Peer | undefined)[] = [];
    for (const peer of init.peers) peers[peer.bee] = openPeer(peer, control.bell, runtime);
    const inbox = new RingReader(init.inbox, inboxOptions(bells, runtime));
    const made = (task: BeeTask) => new Bee(control, { inbox, task, dancer, runtime, peers });
    const task = loadTask(init.task, {
      bee: init.bee,
      runtime,
      inbox,
      outbox: new RingWriter(init.outbox, outboxOptions(bells, runtime)),
      control,
      dancer,
      peers,
    });
    return task instanceof Promise ? task.then(made) : made(task);
  }

  /** Whether something came that it should look at. */
  get hasNews(): boolean {
    return this.#inbox.queuedBytes > 0 || this.control.command !== Command.run || this.awaitsMail;
  }

  /** What it posts when it is born. */
  get ready(): BeeMessage {
    return { kind: "ready", needsKeys: this.#task.needsKeys ?? true };
  }

  /** Whether messages were posted that have not come yet: then the thread must not park. */
  get awaitsMail(): boolean {
    return this.control.mail !== this.#mail;
  }

  /** Takes a posted message. */
  receive(data: unknown): void {
    const mail = data as BeeMail;
    this.#mail = (this.#mail + 1) | 0;
    if (mail.kind === "task") return this.#task.receive?.(mail.message);
    this.#peers[mail.peer.bee] = openPeer(mail.peer, this.control.bell, this.#runtime);
  }

  /** What it waits for while it is idle, besides promises. */
  waitsFor(): Sleeper[] {
    return [this.#stop, ...this.#task.waitsFor()];
  }

  /** How many promises of the user's function are pending: then the thread must not park. */
  get pending(): number {
    return this.#task.pending;
  }

  /** Resolves when a pending promise has settled. */
  settled(): Promise<void> {
    return this.#task.settled();
  }

  step(): StepOutcome {
    this.control.beat();
    if (this.control.command === Command.stop) {
      this.#task.abort();
      this.control.state = BeeState.stopped;
      return "stopped";
    }
    if (this.awaitsMail) return "idle";
    // Said before the work, so that a bee that hangs in it is seen to have hung.
    this.control.state = BeeState.working;
    const outcome = this.#task.step();
    this.control.state = STATES[outcome];
    if (outcome === "idle") this.#dancer.idle(this.#runtime.monotonicMs());
    return outcome === "worked" ? "worked" : "idle";
  }
}
