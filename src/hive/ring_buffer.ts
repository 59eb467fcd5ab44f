import {
  CELL,
  CONTROL_BYTES,
  FRAME_HEADER_BYTES,
  frameSpan,
  openRing,
  RingCorruptedError,
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

export {
  allocateRing,
  type AllocateRingOptions,
  RingCorruptedError,
  type RingState,
} from "./ring_memory.ts";
export type { Waiter, WaitOutcome } from "../runtime/runtime.ts";
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

/** How waiting to read ended. */
export type ReadResult =
  /** The frame is a view, valid until `release()`. */
  | { readonly state: "ok"; readonly frame: Uint8Array }
  | { readonly state: "timed-out" | "closed" | "abandoned" };

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
    if (!(bytes >= 0 && bytes <= this.maxFrameBytes && Number.isInteger(bytes))) {
      throw frameTooLong(bytes, this.maxFrameBytes);
    }
    if (this.#closed) throw new TypeError("Cannot write to ring buffer: it is closed");
    if (Atomics.load(this.#cells, CELL.state) === STATE.abandoned) return -1;
    const offset = this.#position & (this.#capacity - 1);
    const span = frameSpan(bytes);
    const skip = offset + span > this.#capacity ? this.#capacity - offset : 0;
    if (!this.#hasRoom(skip + span)) return -1;
    this.#reserved = bytes;
    this.#skip = skip;
    return (skip === 0 ? offset : 0) + FRAME_HEADER_BYTES;
  }

  /**
   * Makes the reserved frame part of what `publish()` shows, cut to its first `bytes`.
   *
   * @throws {RangeError} when nothing, or less, is reserved.
   */
  commit(bytes: number = this.#reserved): void {
    if (!(bytes >= 0 && bytes <= this.#reserved && Number.isInteger(bytes))) {
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
    this.#want(frame.length);
    this.#own.block(() => this.#mayReserve(frame.length), options.timeoutMs);
    return this.#afterWait(frame);
  }

  /** As {@linkcode RingWriter.tryWrite}, waiting until there is room; one call at a time. */
  async writeAsync(frame: Uint8Array, options: AsyncWaitOptions = {}): Promise<WriteResult> {
    options.signal?.throwIfAborted();
    const first = this.tryWrite(frame);
    if (first.state !== "full") return { state: first.state };
    this.#want(frame.length);
    await this.#own.waitFor(() => this.#mayReserve(frame.length), options);
    return this.#afterWait(frame);
  }

  /**
   * This end as one of several that share a bell, waiting for room for a frame of `bytes`; for
   * `sleepOn()`.
   */
  forRoom(bytes: number): Sleeper {
    return {
      arm: (): boolean => {
        this.publish();
        this.#want(bytes);
        this.#own.announce();
        return !this.#mayReserve(bytes);
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

  #hasRoom(bytes: number): boolean {
    const limit = this.#capacity - bytes;
    if (((this.#position - this.#tail) | 0) <= limit) return true;
    const queued = this.queuedBytes;
    if (queued < 0 || queued > this.#capacity) throw corruptedCursor("tail", this.#tail);
    // Frames kept back while the reader waits for them would never make room.
    if (queued > limit) this.publish();
    return queued <= limit;
  }

  #put(length: number, span: number): void {
    const cell = DATA_CELL + ((this.#position & (this.#capacity - 1)) >> 2);
    this.#cells[cell] = length;
    this.#cells[cell + 1] = this.#position;
    this.#position = (this.#position + span) | 0;
  }

  /** Says how far the reader must come before a frame of `bytes` fits, so that it wakes us then. */
  #want(bytes: number): void {
    const offset = this.#position & (this.#capacity - 1);
    const span = frameSpan(bytes);
    const skip = offset + span > this.#capacity ? this.#capacity - offset : 0;
    const wanted = (this.#position + skip + span - this.#capacity) | 0;
    Atomics.store(this.#cells, CELL.wantedTail, wanted);
  }

  #mayReserve(bytes: number): boolean {
    return this.state !== "open" || this.reserveAt(bytes) >= 0;
  }

  #afterWait(frame: Uint8Array): WriteResult {
    const { state } = this.tryWrite(frame);
    return { state: state === "full" ? "timed-out" : state };
  }
}

/**
 * The reading side of a ring with one writer and one reader.
 *
 * Each `tryRead()` gives the next frame in place; `release()` gives the room of all frames read
 * so far back to the writer, once for as many as one likes.
 */
export class RingReader implements Sleeper {
  /** The longest frame, in bytes. */
  readonly maxFrameBytes: number;
  /** All of the ring's data; {@linkcode RingReader.nextAt} gives offsets into it. */
  readonly bytes: Uint8Array;
  readonly #cells: Int32Array;
  readonly #capacity: number;
  readonly #memory: ArrayBufferLike;
  readonly #options: RingOptions;
  readonly #own: SleepingPlace;
  readonly #writer: SleepingPlace;
  #position: number;
  #released: number;
  #head: number;
  #length = 0;

  /** Views `memory`, made by `allocateRing`, from what its reader released last. */
  constructor(memory: ArrayBufferLike, options: RingOptions = {}) {
    const { cells, capacityBytes } = openRing(memory);
    this.#cells = cells;
    this.#capacity = capacityBytes;
    this.#memory = memory;
    this.#options = options;
    this.bytes = new Uint8Array(memory, CONTROL_BYTES, capacityBytes);
    this.maxFrameBytes = capacityBytes / 2 - FRAME_HEADER_BYTES;
    ({ reader: this.#own, writer: this.#writer } = sleepingPlaces(cells, options));
    this.#position = this.#released = Atomics.load(cells, CELL.tail);
    this.#head = this.#position;
  }

  /** What has become of the ring; `"closed"` only when every frame has been read. */
  get state(): RingState {
    const state = stateOf(this.#cells);
    // The state is read before the cursor: what was published before the close is seen.
    return state === "closed" && this.#refresh() ? "open" : state;
  }

  /** Bytes of published frames and headers that were not released. */
  get queuedBytes(): number {
    return (Atomics.load(this.#cells, CELL.head) - this.#released) | 0;
  }

  /** The length of the last frame read or peeked at, in bytes. */
  get frameBytes(): number {
    return this.#length;
  }

  /**
   * The next frame, a view that is valid until `release()`, or `undefined` when there is none.
   *
   * @throws {RingCorruptedError} when the memory holds no frame where one must be.
   */
  tryRead(): Uint8Array | undefined {
    const at = this.nextAt();
    return at < 0 ? undefined : this.bytes.subarray(at, at + this.#length);
  }

  /**
   * As {@linkcode RingReader.tryRead} without making a view: the offset in `bytes`, or −1; the
   * length is then `frameBytes`.
   */
  nextAt(): number {
    if (!this.#locate()) return -1;
    const at = (this.#position & (this.#capacity - 1)) + FRAME_HEADER_BYTES;
    this.#position = (this.#position + frameSpan(this.#length)) | 0;
    return at;
  }

  /** The length of the next frame in bytes, or −1 when there is none. */
  peekLength(): number {
    return this.#locate() ? this.#length : -1;
  }

  /**
   * Copies the next frame to the start of `target` and releases it.
   *
   * @returns its length in bytes, or −1 when there is none.
   * @throws {RangeError} when `target` is too small; the frame stays.
   */
  readInto(target: Uint8Array): number {
    const length = this.peekLength();
    if (length < 0) return -1;
    if (length > target.length) {
      throw new RangeError(
        `Cannot read ring buffer frame: it has ${length} bytes, the target ${target.length}`,
      );
    }
    const at = this.nextAt();
    target.set(this.bytes.subarray(at, at + length));
    this.release();
    return length;
  }

  /** Gives the room of all frames read so far back, and wakes the writer if it waits for it. */
  release(): void {
    if (this.#released === this.#position) return;
    Atomics.store(this.#cells, CELL.tail, this.#position);
    this.#released = this.#position;
    if (this.#writer.occupied && this.#reachesWanted()) this.#writer.wake();
  }

  /**
   * Hands each frame that is there now to `use`, as a view valid during the call, and releases
   * them in strides of a quarter of the ring.
   *
   * @returns how many there were.
   */
  drain(use: (frame: Uint8Array) => void): number {
    const stride = this.#capacity / 4;
    let count = 0;
    for (let frame = this.tryRead(); frame !== undefined; frame = this.tryRead()) {
      use(frame);
      count++;
      if (((this.#position - this.#released) | 0) >= stride) this.release();
    }
    this.release();
    return count;
  }

  /** As {@linkcode RingReader.tryRead}, blocking the thread until there is a frame. */
  read(options: { timeoutMs: number }): ReadResult {
    const frame = this.tryRead();
    if (frame) return { state: "ok", frame };
    this.release();
    this.#own.block(() => this.#hasNews(), options.timeoutMs);
    return this.#afterWait();
  }

  /** As {@linkcode RingReader.tryRead}, waiting until there is a frame; one call at a time. */
  async readAsync(options: AsyncWaitOptions = {}): Promise<ReadResult> {
    options.signal?.throwIfAborted();
    const frame = this.tryRead();
    if (frame) return { state: "ok", frame };
    this.release();
    await this.#own.waitFor(() => this.#hasNews(), options);
    return this.#afterWait();
  }

  /** Announces that this end is about to sleep on its bell; `false` when there is news. */
  arm(): boolean {
    this.release();
    this.#own.announce();
    return !this.#hasNews();
  }

  /** Takes the announcement of `arm()` back. */
  disarm(): void {
    this.#own.rise();
  }

  /** Gives the ring up, see {@linkcode abandonRing}. */
  abandon(): void {
    abandonRing(this.#memory, this.#options);
  }

  /** Whether a published frame is unread, by the writer's own cursor if the cached one says no. */
  #refresh(): boolean {
    if (this.#position !== this.#head) return true;
    const head = Atomics.load(this.#cells, CELL.head);
    const ahead = (head - this.#position) | 0;
    if (ahead < 0 || ahead > this.#capacity) throw corruptedCursor("head", head);
    this.#head = head;
    return ahead > 0;
  }

  /** Moves past a skip mark to the next frame, checks its header, and takes its length. */
  #locate(): boolean {
    if (Atomics.load(this.#cells, CELL.state) === STATE.abandoned || !this.#refresh()) return false;
    const offset = this.#position & (this.#capacity - 1);
    if (offset > 0 && this.#lengthAt(offset) === SKIP_MARK) {
      this.#position = (this.#position + this.#capacity - offset) | 0;
    }
    const length = this.#lengthAt(this.#position & (this.#capacity - 1));
    if (length < 0) throw corruptedFrame(length, this.#position);
    this.#length = length;
    return true;
  }

  /** The checked length in the header at `offset`. */
  #lengthAt(offset: number): number {
    const cell = DATA_CELL + (offset >> 2);
    const length = this.#cells[cell];
    const span = length === SKIP_MARK ? this.#capacity - offset : frameSpan(length);
    const known = (this.#head - this.#position) | 0;
    const inBounds = length >= SKIP_MARK && length <= this.maxFrameBytes && span <= known &&
      offset + span <= this.#capacity;
    if (!inBounds || this.#cells[cell + 1] !== this.#position) {
      throw corruptedFrame(length, this.#position);
    }
    return length;
  }

  #reachesWanted(): boolean {
    return ((this.#released - Atomics.load(this.#cells, CELL.wantedTail)) | 0) >= 0;
  }

  #hasNews(): boolean {
    return stateOf(this.#cells) !== "open" || this.#refresh();
  }

  #afterWait(): ReadResult {
    const { state } = this;
    if (state !== "open") return { state };
    const frame = this.tryRead();
    return frame ? { state: "ok", frame } : { state: "timed-out" };
  }
}

function frameTooLong(bytes: number, limit: number): RangeError {
  return new RangeError(
    `Cannot write ring buffer frame: ${bytes} bytes received, at most ${limit} allowed (half the ` +
      "capacity less a header); split it by rows or make the ring larger",
  );
}

function corruptedCursor(which: string, cursor: number): RingCorruptedError {
  return new RingCorruptedError(
    `Cannot use ring buffer: its ${which} cursor is out of bounds, received ${cursor}; abandon it`,
  );
}

function corruptedFrame(length: number, position: number): RingCorruptedError {
  return new RingCorruptedError(
    `Cannot read ring buffer frame: the header at position ${position >>> 0} is not one, ` +
      `received length ${length}; abandon the ring`,
  );
}
