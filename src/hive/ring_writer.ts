import {
  CELL,
  CONTROL_BYTES,
  corruptedCursor,
  FRAME_HEADER_BYTES,
  frameSpan,
  openRing,
  type RingState,
  SKIP_MARK,
  STATE,
  stateOf,
} from "./ring_memory.ts";
import {
  abandonRing,
  type AsyncWaitOptions,
  type RingOptions,
  type Sleeper,
  type SleepingPlace,
  sleepingPlaces,
} from "./ring_waiting.ts";

const DATA_CELL = CONTROL_BYTES / 4;

/** How an attempt to write ended. */
export interface TryWriteResult {
  /** `"full"`: not now, try later; `"closed"` and `"abandoned"`: never. */
  readonly state: "ok" | "full" | "closed" | "abandoned";
}

/** How waiting to write ended. */
export interface WriteResult {
  /** `"timed-out"`: there was no room in time. */
  readonly state: "ok" | "timed-out" | "closed" | "abandoned";
}

/**
 * The writing side of a ring with one writer and one reader.
 *
 * Frames are written in place: `tryReserve()`, fill, `commit()`, as often as there is something,
 * and then one `publish()` for all of them. `tryWrite()`, `write()` and `writeAsync()` copy one
 * frame and publish. A reservation that finds the ring full publishes what is committed.
 */
export class RingWriter {
  /** The longest frame, in bytes: half the capacity less its header. */
  readonly maxFrameBytes: number;
  /** All of the ring's data; {@linkcode RingWriter.reserveAt} gives offsets into it. */
  readonly bytes: Uint8Array;
  readonly #cells: Int32Array;
  readonly #capacity: number;
  readonly #memory: ArrayBufferLike;
  readonly #options: RingOptions;
  readonly #reader: SleepingPlace;
  readonly #own: SleepingPlace;
  #closed: boolean;
  #position: number;
  #published: number;
  #tail: number;
  #reserved = -1;
  #skip = 0;

  /** Views `memory`, made by `allocateRing`, from where its writer left off. */
  constructor(memory: ArrayBufferLike, options: RingOptions = {}) {
    const { cells, capacityBytes } = openRing(memory);
    this.#cells = cells;
    this.#capacity = capacityBytes;
    this.#memory = memory;
    this.#options = options;
    this.bytes = new Uint8Array(memory, CONTROL_BYTES, capacityBytes);
    this.maxFrameBytes = capacityBytes / 2 - FRAME_HEADER_BYTES;
    ({ reader: this.#reader, writer: this.#own } = sleepingPlaces(cells, options));
    this.#closed = stateOf(cells) === "closed";
    this.#position = this.#published = Atomics.load(cells, CELL.head);
    this.#tail = Atomics.load(cells, CELL.tail);
  }

  /** What has become of the ring. */
  get state(): RingState {
    return stateOf(this.#cells);
  }

  /** Bytes not taken by frames and their headers now; a frame must also fit before the end. */
  get freeBytes(): number {
    return this.#capacity - this.queuedBytes;
  }

  /** Bytes of frames and headers that the reader has not released, unpublished ones included. */
  get queuedBytes(): number {
    this.#tail = Atomics.load(this.#cells, CELL.tail);
    return (this.#position - this.#tail) | 0;
  }

  /**
   * Room for a frame of `bytes`, contiguous and 8-byte aligned, or `undefined` when the ring is
   * full or abandoned. A reservation that was not committed is given up by the next one.
   *
   * @throws {RangeError} when no frame may be that long.
   * @throws {TypeError} after `close()`.
   */
  tryReserve(bytes: number): Uint8Array | undefined {
    const at = this.reserveAt(bytes);
    return at < 0 ? undefined : this.bytes.subarray(at, at + bytes);
  }

  /** As {@linkcode RingWriter.tryReserve} without making a view: the offset in `bytes`, or −1. */
  reserveAt(bytes: number): number {
    this.#checkLength(bytes);
    if (this.#closed) throw new TypeError("Cannot write to ring buffer: it is closed");
    if (this.#seemsAbandoned()) return -1;
    const offset = this.#position & (this.#capacity - 1);
    const limit = this.#capacity - frameSpan(bytes);
    const queued = (this.#position - this.#tail) | 0;
    if (offset > limit || queued > limit) return this.#reserveSlowly(bytes);
    this.#reserved = bytes;
    this.#skip = 0;
    return offset + FRAME_HEADER_BYTES;
  }

  /**
   * Makes the reserved frame part of what `publish()` shows, cut to its first `bytes`.
   *
   * @throws {RangeError} when nothing, or less, is reserved.
   */
  commit(bytes: number = this.#reserved): void {
    if (!(bytes >= 0 && bytes <= this.#reserved && (bytes | 0) === bytes)) {
      throw new RangeError(
        `Cannot commit ring buffer frame: ${bytes} bytes received, ` +
          `${Math.max(0, this.#reserved)} reserved; call tryReserve() first`,
      );
    }
    if (this.#skip > 0) this.#put(SKIP_MARK, this.#skip);
    this.#put(bytes, frameSpan(bytes));
    this.#reserved = -1;
  }

  /** Shows all committed frames to the reader, and wakes it if it sleeps. */
  publish(): void {
    if (this.#published === this.#position) return;
    Atomics.store(this.#cells, CELL.head, this.#position);
    this.#published = this.#position;
    if (this.#reader.occupied) this.#reader.wake();
  }

  /** Copies one frame into the ring and publishes it. @throws {RangeError} when it is too long. */
  tryWrite(frame: Uint8Array): TryWriteResult {
    const state = this.state;
    if (state !== "open") return { state };
    const at = this.reserveAt(frame.length);
    if (at < 0) return { state: "full" };
    this.bytes.set(frame, at);
    this.commit();
    this.publish();
    return { state: "ok" };
  }

  /** As {@linkcode RingWriter.tryWrite}, blocking the thread until there is room. */
  write(frame: Uint8Array, options: { timeoutMs: number }): WriteResult {
    const first = this.tryWrite(frame);
    if (first.state !== "full") return { state: first.state };
    this.waitForRoom(frame.length, options);
    return this.#afterWait(frame);
  }

  /** As {@linkcode RingWriter.tryWrite}, waiting until there is room; one call at a time. */
  async writeAsync(frame: Uint8Array, options: AsyncWaitOptions = {}): Promise<WriteResult> {
    options.signal?.throwIfAborted();
    const first = this.tryWrite(frame);
    if (first.state !== "full") return { state: first.state };
    await this.waitForRoomAsync(frame.length, options);
    return this.#afterWait(frame);
  }

  /**
   * Publishes what is committed and blocks the thread until a frame of `bytes` has room.
   *
   * @returns whether it has; `false` after the timeout, or when the ring is closed or abandoned.
   */
  waitForRoom(bytes: number, options: { timeoutMs: number }): boolean {
    this.#want(bytes);
    this.#own.block(() => this.#mayGoOn(bytes), options.timeoutMs);
    return this.state === "open" && this.#roomFor(bytes);
  }

  /** As {@linkcode RingWriter.waitForRoom} without blocking; one call at a time. */
  async waitForRoomAsync(bytes: number, options: AsyncWaitOptions = {}): Promise<boolean> {
    this.#want(bytes);
    await this.#own.waitFor(() => this.#mayGoOn(bytes), options);
    return this.state === "open" && this.#roomFor(bytes);
  }

  /**
   * This end as one of several that share a bell, waiting for room for a frame of `bytes`; for
   * `sleepOn()`.
   */
  forRoom(bytes: number): Sleeper {
    return {
      arm: (): boolean => {
        this.#want(bytes);
        this.#own.announce();
        return !this.#mayGoOn(bytes);
      },
      disarm: (): void => this.#own.rise(),
    };
  }

  /** Publishes what is committed and ends the ring: the reader gets the rest, then `"closed"`. */
  close(): void {
    if (this.#closed) return;
    this.publish();
    this.#closed = true;
    Atomics.compareExchange(this.#cells, CELL.state, STATE.open, STATE.closed);
    this.#reader.wake();
  }

  /** Gives the ring up, see {@linkcode abandonRing}. */
  abandon(): void {
    abandonRing(this.#memory, this.#options);
  }

  /** Where the frame does not fit before the end, or the ring was full when last looked at. */
  #reserveSlowly(bytes: number): number {
    const skip = this.#skipBefore(bytes);
    this.#reserved = -1;
    if (!this.#hasRoom(skip + frameSpan(bytes))) return -1;
    this.#reserved = bytes;
    this.#skip = skip;
    return ((this.#position + skip) & (this.#capacity - 1)) + FRAME_HEADER_BYTES;
  }

  #hasRoom(bytes: number): boolean {
    const limit = this.#capacity - bytes;
    if (((this.#position - this.#tail) | 0) <= limit) return true;
    if (this.state === "abandoned") return false;
    const queued = this.queuedBytes;
    if (queued < 0 || queued > this.#capacity) throw corruptedCursor("tail", this.#tail);
    // Frames kept back while the reader waits for them would never make room.
    if (queued > limit) this.publish();
    return queued <= limit;
  }

  /** A plain read, a tenth of an atomic one; whoever gets a stale answer asks again when full. */
  #seemsAbandoned(): boolean {
    return this.#cells[CELL.state] === STATE.abandoned;
  }

  #put(length: number, span: number): void {
    const cell = DATA_CELL + ((this.#position & (this.#capacity - 1)) >> 2);
    this.#cells[cell] = length;
    this.#cells[cell + 1] = this.#position;
    this.#position = (this.#position + span) | 0;
  }

  /** The bytes to leave empty at the end of the ring, so that a frame of `bytes` is contiguous. */
  #skipBefore(bytes: number): number {
    const toEnd = this.#capacity - (this.#position & (this.#capacity - 1));
    return frameSpan(bytes) > toEnd ? toEnd : 0;
  }

  /** Says how far the reader must come before a frame of `bytes` fits, so that it wakes us then. */
  #want(bytes: number): void {
    this.#checkLength(bytes);
    this.publish();
    const end = this.#position + this.#skipBefore(bytes) + frameSpan(bytes);
    Atomics.store(this.#cells, CELL.wantedTail, (end - this.#capacity) | 0);
  }

  #roomFor(bytes: number): boolean {
    return this.#hasRoom(this.#skipBefore(bytes) + frameSpan(bytes));
  }

  #mayGoOn(bytes: number): boolean {
    return this.state !== "open" || this.#roomFor(bytes);
  }

  #checkLength(bytes: number): void {
    if (bytes >= 0 && bytes <= this.maxFrameBytes && (bytes | 0) === bytes) return;
    throw frameTooLong(bytes, this.maxFrameBytes);
  }

  #afterWait(frame: Uint8Array): WriteResult {
    const { state } = this.tryWrite(frame);
    return { state: state === "full" ? "timed-out" : state };
  }
}

function frameTooLong(bytes: number, limit: number): RangeError {
  return new RangeError(
    `Cannot write ring buffer frame: ${bytes} bytes received, at most ${limit} allowed (half the ` +
      "capacity less a header); split it by rows or make the ring larger",
  );
}
