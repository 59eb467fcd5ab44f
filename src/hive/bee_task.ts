import type { Runtime } from "../runtime/runtime.ts";
import type { ControlBlock } from "./control_block.ts";
import type { Dancer } from "./dance_floor.ts";
import type { RingReader, RingWriter, Sleeper } from "./ring_buffer.ts";

/** What a task works with. */
export interface BeeContext {
  readonly bee: number;
  readonly runtime: Runtime;
  readonly inbox: RingReader;
  readonly outbox: RingWriter;
  readonly control: ControlBlock;
  readonly dancer: Dancer;
}

/** The logic of a bee, apart from where it runs. */
export interface BeeTask {
  /** Does one piece of work, never blocking. */
  step(): "worked" | "idle" | "waitingForRoom";
  /** What an idle bee waits for, besides promises. */
  waitsFor(): Sleeper[];
  /** How many promises of the user's function are pending. */
  readonly pending: number;
  /** Resolves when one of them has settled. */
  settled(): Promise<void>;
  /** The stream stops without draining: what runs may be told so. */
  abort(): void;
}
