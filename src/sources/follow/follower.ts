import { withoutEndSlashes } from "../../runtime/file_path.ts";
import { readingFault } from "../../runtime/reading_fault.ts";
import type { OpenFile } from "../../runtime/runtime.ts";
import { FileSourceError } from "../byte_input.ts";
import type { FollowSettings } from "./follow.ts";
import { type FirstFile, FollowedFile } from "./followed_file.ts";

/** Files that are kept open; others are opened again when they have grown. */
const MOST_OPEN = 64;
/** How long a file is listened to that has lost its name: its writer may hold it still. */
const GRACE_MS = 5_000;

/** A file that was found under a name. */
interface Found {
  readonly path: string;
  readonly identity: string;
  readonly sizeBytes: number;
}

/** Reads what there is, and then what is written. */
export class Follower implements AsyncIterator<Uint8Array> {
  readonly #settings: FollowSettings;
  readonly #chunks: AsyncGenerator<Uint8Array, void, undefined>;
  /** By identity, in the order in which they were found. */
  readonly #files = new Map<string, { readonly file: FollowedFile; grownMs: number }>();
  #isFirstLook = true;
  readonly #first: FirstFile = {};
  #grownMs: number;
  #isLeft = false;
  #wake = () => {};

  constructor(settings: FollowSettings) {
    this.#settings = settings;
    this.#grownMs = settings.runtime.monotonicMs();
    this.#chunks = this.#follow();
  }

  next(): Promise<IteratorResult<Uint8Array, void>> {
    return this.#chunks.next();
  }

  return(): Promise<IteratorResult<Uint8Array, void>> {
    this.#isLeft = true;
    this.#wake();
    return this.#chunks.return();
  }

  get #isOver(): boolean {
    const { signal, runtime, idleMs } = this.#settings;
    return signal?.aborted === true || runtime.monotonicMs() - this.#grownMs >= idleMs;
  }

  async *#follow(): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal } = this.#settings;
    const wake = () => this.#wake();
    signal?.addEventListener("abort", wake);
    try {
      while (!this.#isLeft) {
        let hasGrown = false;
        for await (const lines of this.#round()) {
          hasGrown = true;
          yield lines;
        }
        if (hasGrown) this.#grownMs = this.#settings.runtime.monotonicMs();
        else if (this.#isOver) return yield* this.#rests();
        else await this.#wait();
      }
    } finally {
      signal?.removeEventListener("abort", wake);
      for (const { file } of this.#files.values()) file.close();
    }
  }

  #wait(): Promise<void> {
    const { runtime, pollMs } = this.#settings;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = runtime.after(pollMs, resolve);
    this.#wake = () => {
      cancel();
      resolve();
    };
    return promise;
  }

  *#rests(): Generator<Uint8Array> {
    for (const { file } of this.#files.values()) yield* restOf(file);
  }

  /** Reads all files once, up to their ends. */
  async *#round(): AsyncGenerator<Uint8Array, void, undefined> {
    const found = await this.#look();
    const names = new Set(found.map(({ identity }) => identity));
    for (const [identity, { file }] of [...this.#files]) {
      if (!names.has(identity)) yield* this.#last(identity, file);
    }
    // What was renamed is read to its end before what has its name now.
    const [known, fresh] = [true, false].map((isKnown) =>
      found.filter(({ identity }) => this.#files.has(identity) === isKnown)
    );
    for (const each of [...known, ...fresh]) {
      const file = this.#files.get(each.identity)?.file ?? (yield* this.#begin(each));
      if (each.sizeBytes < file.position) {
        yield* restOf(file);
        await file.restart(this.#settings);
      }
      if (each.sizeBytes === file.position || !await this.#opened(file, each)) continue;
      yield* this.#grown(each.identity, file);
    }
    this.#isFirstLook = false;
    this.#closeSome();
  }

  /** What is there to be followed, in the order of names. */
  async #look(): Promise<Found[]> {
    const { path, match, runtime } = this.#settings;
    const { kind } = await this.#tried(path, () => runtime.fileStatus(path));
    if (kind === "other" || (kind === "nothing" && this.#isFirstLook)) {
      throw new FileSourceError(
        kind === "other"
          ? `Cannot follow ${path}: it is neither a file nor a folder; read it without follow()`
          : `Cannot follow ${path}: there is no such file or folder; make it, or follow the folder ` +
            `that it will be in, before it is written to`,
      );
    }
    const paths = kind === "folder"
      ? (await this.#tried(path, () => runtime.folderNames(path))).filter((name) =>
        name.search(match) >= 0
      ).sort().map((name) => `${withoutEndSlashes(path)}/${name}`)
      : [path];
    const statuses = await Promise.all(
      paths.map((each) => this.#tried(each, () => runtime.fileStatus(each))),
    );
    return statuses.flatMap(({ kind, sizeBytes = 0, identity }, at) =>
      kind === "file" ? [{ path: paths[at], identity: identity ?? paths[at], sizeBytes }] : []
    );
  }

  /** Follows a file that was not there before. */
  async *#begin(found: Found): AsyncGenerator<Uint8Array, FollowedFile, undefined> {
    const { path, identity, sizeBytes } = found;
    const { headerLines, maxLineBytes, from } = this.#settings;
    const file = new FollowedFile({ path, maxLineBytes, headerLines, first: this.#first });
    this.#files.set(identity, { file, grownMs: this.#settings.runtime.monotonicMs() });
    if (this.#isFirstLook && from === "end" && await this.#opened(file, found)) {
      yield* file.skipToLastLine(sizeBytes);
    }
    return file;
  }

  /** Whether a file could be opened: it may have lost its name since it was found. */
  async #opened(file: FollowedFile, { path, identity }: Found): Promise<boolean> {
    if (file.isOpen) return true;
    const handle = await this.#tried(path, () => this.#handleOf(path));
    if (!handle) return false;
    if (handle.identity !== undefined && handle.identity !== identity) {
      handle.close();
      return false;
    }
    await file.open(handle);
    return true;
  }

  /** A handle to read a file by; none when nothing has its name any more. */
  async #handleOf(path: string): Promise<OpenFile | undefined> {
    const { runtime } = this.#settings;
    try {
      return await runtime.openFile(path);
    } catch (error) {
      const { kind } = await runtime.fileStatus(path);
      if (kind === "nothing") return undefined;
      throw error;
    }
  }

  async *#grown(identity: string, file: FollowedFile): AsyncGenerator<Uint8Array> {
    const entry = this.#files.get(identity);
    if (entry) entry.grownMs = this.#settings.runtime.monotonicMs();
    yield* file.lines();
  }

  /** Reads on in a file that has lost its name, until nobody seems to write to it any more. */
  async *#last(identity: string, file: FollowedFile): AsyncGenerator<Uint8Array> {
    const { runtime } = this.#settings;
    const before = file.position;
    yield* file.lines();
    const entry = this.#files.get(identity);
    if (!entry) return;
    const nowMs = runtime.monotonicMs();
    if (file.position > before) entry.grownMs = nowMs;
    else if (!file.isOpen || nowMs - entry.grownMs >= GRACE_MS) {
      yield* restOf(file);
      file.close();
      this.#files.delete(identity);
    }
  }

  #closeSome(): void {
    const open = [...this.#files.values()].filter(({ file }) => file.isOpen);
    if (open.length <= MOST_OPEN) return;
    open.sort((a, b) => a.grownMs - b.grownMs);
    for (const { file } of open.slice(0, open.length - MOST_OPEN)) file.close();
  }

  async #tried<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new FileSourceError(`Cannot follow ${path}: ${readingFault(cause)}`, { cause });
    }
  }
}

function* restOf(file: FollowedFile): Generator<Uint8Array> {
  const rest = file.rest();
  if (rest) yield rest;
}
