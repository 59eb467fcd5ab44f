import { checkChunk } from "./option_checks.ts";

/** What decoders have in common: one input, in pieces until its end, and nothing after an error. */
export class OneInput {
  readonly #name: string;
  readonly #release: () => void;
  #state: "open" | "finished" | "failed" = "open";
  #bytes = 0;

  /** An input by its name in messages; `release` is called once nothing more can come. */
  constructor(name: string, release: () => void = () => {}) {
    this.#name = name;
    this.#release = release;
  }

  /** Bytes that have come. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Has a piece taken.
   *
   * @throws {TypeError} when it is not bytes, or nothing more can come.
   */
  push(chunk: Uint8Array, take: (chunk: Uint8Array) => void): void {
    checkChunk(chunk);
    this.#run(() => {
      this.#bytes += chunk.length;
      take(chunk);
    }, "open");
  }

  /**
   * Has what is left taken.
   *
   * @throws {TypeError} when the input has ended before.
   */
  finish(take: () => void): void {
    this.#run(take, "finished");
  }

  /** Nothing more will come, whatever was there. */
  end(): void {
    if (this.#state === "open") this.#state = "finished";
  }

  #run(work: () => void, next: "open" | "finished"): void {
    if (this.#state !== "open") {
      throw new TypeError(
        `Cannot read ${this.#name}: the decoder has ${this.#state}; make a new one for each input`,
      );
    }
    this.#state = "failed";
    try {
      work();
      this.#state = next;
    } finally {
      if (this.#state !== "open") this.#release();
    }
  }
}
