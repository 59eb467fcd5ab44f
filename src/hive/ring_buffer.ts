/**
 * Rings: bytes from one thread to another through shared memory, one writer and one reader each.
 *
 * `allocateRing()` makes the memory, `RingWriter` and `RingReader` are views on it. Frames are
 * contiguous, 8-byte aligned and of any length up to half the ring; they are written and read in
 * place. Cursors move once per batch, and a system call is made only to wake a side that sleeps.
 *
 * @module
 */
export type { Waiter, WaitOutcome } from "../runtime/runtime.ts";
export {
  allocateRing,
  type AllocateRingOptions,
  RingCorruptedError,
  type RingState,
} from "./ring_memory.ts";
export { type ReadResult, RingReader } from "./ring_reader.ts";
export {
  abandonRing,
  type AsyncWaitOptions,
  type Bell,
  ringBell,
  type RingBells,
  type RingOptions,
  type Sleeper,
  sleepOn,
  sleepOnAsync,
} from "./ring_waiting.ts";
export { RingWriter, type TryWriteResult, type WriteResult } from "./ring_writer.ts";
