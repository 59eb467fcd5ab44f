import type { Runtime } from "../runtime/runtime.ts";
import type { ControlBlock } from "./control_block.ts";
import type { Dancer } from "./dance_floor.ts";
import type { Bell, RingReader, RingWriter, Sleeper } from "./ring_buffer.ts";

/** The rings between a bee and another one. */
export interface Peer {
  readonly incoming: RingReader;
  readonly outgoing: RingWriter;
  /** Where the other one sleeps. */
  readonly bell: Bell;
}

/** What a task works with. */
export interface BeeContext {
  readonly bee: number;
  readonly runtime: Runtime;
  readonly inbox: RingReader;
  readonly outbox: RingWriter;
  readonly control: ControlBlock;
  readonly dancer: Dancer;
  /** By place in the hive, itself left out; empty when the bees exchange nothing. */
  readonly peers: readonly (Peer | undefined)[];
}

/** The logic of a bee, apart from where it runs. */
export interface BeeTask {
  /** Does one piece of work, never blocking. */
  step(): "worked" | "idle" | "waitingForRoom";
  /** What an idle bee waits for, besides promises. */
  waitsFor(): Sleeper[];
  /** Takes a message that its user has posted to the bee. */
  receive?(message: unknown): void;
  /** Whether it asks for the keys of its records. Default true. */
  readonly needsKeys?: boolean;
  /** How many promises of the user's function are pending. */
  readonly pending: number;
  /** Resolves when one of them has settled. */
  settled(): Promise<void>;
  /** The stream stops without draining: what runs may be told so. */
  abort(): void;
}
