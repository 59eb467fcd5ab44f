import {
  CELL,
  CONTROL_BYTES,
  corruptedCursor,
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

const DATA_CELL = CONTROL_BYTES / 4;

/** How waiting to read ended. */
export type ReadResult =
  /** The frame is a view, valid until `release()`. */
  | { readonly state: "ok"; readonly frame: Uint8Array }
  | { readonly state: "timed-out" | "closed" | "abandoned" };

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
    this.waitForFrame(options);
    return this.#afterWait();
  }

  /** As {@linkcode RingReader.tryRead}, waiting until there is a frame; one call at a time. */
  async readAsync(options: AsyncWaitOptions = {}): Promise<ReadResult> {
    options.signal?.throwIfAborted();
    const frame = this.tryRead();
    if (frame) return { state: "ok", frame };
    await this.waitForFrameAsync(options);
    return this.#afterWait();
  }

  /**
   * Releases what was read and blocks the thread until there is a frame.
   *
   * @returns whether there is; `false` after the timeout, or when the ring is closed and empty, or
   * abandoned.
   */
  waitForFrame(options: { timeoutMs: number }): boolean {
    this.release();
    this.#own.block(() => this.#hasNews(), options.timeoutMs);
    return this.state === "open" && this.#refresh();
  }

  /** As {@linkcode RingReader.waitForFrame} without blocking; one call at a time. */
  async waitForFrameAsync(options: AsyncWaitOptions = {}): Promise<boolean> {
    this.release();
    await this.#own.waitFor(() => this.#hasNews(), options);
    return this.state === "open" && this.#refresh();
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
    if (stateOf(this.#cells) === "abandoned") return false;
    const head = Atomics.load(this.#cells, CELL.head);
    const ahead = (head - this.#position) | 0;
    if (ahead < 0 || ahead > this.#capacity) throw corruptedCursor("head", head);
    this.#head = head;
    return ahead > 0;
  }

  /** Moves past a skip mark to the next frame, checks its header, and takes its length. */
  #locate(): boolean {
    // A plain read, a tenth of an atomic one; a stale answer lasts until the cursor is read anew.
    if (this.#cells[CELL.state] === STATE.abandoned || !this.#refresh()) return false;
    const offset = this.#position & (this.#capacity - 1);
    if (this.#cells[DATA_CELL + (offset >> 2)] === SKIP_MARK) this.#jump(offset);
    const start = this.#position & (this.#capacity - 1);
    const length = this.#cells[DATA_CELL + (start >> 2)];
    const toEnd = this.#capacity - start;
    if (length < 0 || length > this.maxFrameBytes || !this.#holds(frameSpan(length), toEnd)) {
      throw corruptedFrame(length, this.#position);
    }
    this.#length = length;
    return true;
  }

  /** Moves from a skip mark to the start of the ring. */
  #jump(offset: number): void {
    const toEnd = this.#capacity - offset;
    if (!this.#holds(toEnd, toEnd)) throw corruptedFrame(SKIP_MARK, this.#position);
    this.#position = (this.#position + toEnd) | 0;
  }

  /** Whether a header is for this very position, and its span within what is published. */
  #holds(span: number, toEnd: number): boolean {
    const cell = DATA_CELL + ((this.#capacity - toEnd) >> 2);
    return span <= toEnd && span <= ((this.#head - this.#position) | 0) &&
      this.#cells[cell + 1] === this.#position;
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

function corruptedFrame(length: number, position: number): RingCorruptedError {
  return new RingCorruptedError(
    `Cannot read ring buffer frame: the header at position ${position >>> 0} is not one, ` +
      `received length ${length}; abandon the ring`,
  );
}
