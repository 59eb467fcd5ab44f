import { CallScope } from "../runtime/call_scope.ts";
import { letterBatch } from "./letter_batch.ts";
import type { Publisher } from "./publisher.ts";

/** Where letters go. */
export type DeadLetterTarget<Letter> = Publisher | ((letter: Letter) => void | Promise<void>);

/** What a {@linkcode DeadLetterBox} tells. */
export interface DeadLetterEvents {
  /** A letter could not be delivered. */
  readonly failed: (error: Error) => void;
  /** A letter is delivered, or has failed. */
  readonly settled?: () => void;
}

/** What a box holds, in messages. */
export interface LetterWords {
  /** What one letter is called. */
  readonly letter: string;
  /** The option that says where they go. */
  readonly option: string;
}

const DEAD_LETTERS: LetterWords = { letter: "dead letter", option: "deadLetter" };

/** Delivers records that could not be processed, one after the other. */
export class DeadLetterBox<Letter extends object> {
  readonly #target: DeadLetterTarget<Letter> | undefined;
  readonly #events: DeadLetterEvents;
  readonly #words: LetterWords;
  readonly #discarded = Promise.withResolvers<void>();
  readonly #calls = new CallScope();
  #isOpen = true;
  #delivered: Promise<void> = Promise.resolve();
  #pending = 0;
  #count = 0;

  /** A box that delivers to `target`. */
  constructor(
    target: DeadLetterTarget<Letter> | undefined,
    events: DeadLetterEvents,
    { words = DEAD_LETTERS }: { words?: LetterWords } = {},
  ) {
    this.#target = target;
    this.#events = events;
    this.#words = words;
  }

  /** Letters taken so far. */
  get count(): number {
    return this.#count;
  }

  /** Letters that are not delivered yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether the code that asks is what the box waits for: the target, or what that awaits. */
  get waitsForCaller(): boolean {
    return this.#isOpen && this.#calls.isInside;
  }

  /** Takes a letter; it is delivered after those before it. */
  put(letter: Letter): void {
    this.#count++;
    this.#pending++;
    this.#delivered = this.#delivered.then(() => this.#attempt(letter));
  }

  /** Resolves when all letters are delivered, or given up. */
  async flush(): Promise<void> {
    const { promise: discarded } = this.#discarded;
    await Promise.race([this.#delivered, discarded]);
    const target = this.#target;
    if (typeof target !== "object" || !this.#isOpen) return;
    const flushed = this.#calls.run(() => target.flush())
      .catch((cause) => this.#fail("s", cause));
    await Promise.race([flushed, discarded]);
  }

  /** Gives up the letters that are not delivered; they stay pending. */
  discard(): void {
    this.#isOpen = false;
    this.#discarded.resolve();
  }

  async #attempt(letter: Letter): Promise<void> {
    if (!this.#isOpen) return;
    await this.#calls.run(() => this.#deliver(letter)).catch((cause) => this.#fail("", cause));
    this.#pending--;
    this.#events.settled?.();
  }

  #fail(plural: string, cause: unknown): void {
    const { letter, option } = this.#words;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot deliver ${letter}${plural}: ${reason}; see to the option ${option}`;
    this.#events.failed(new Error(message, { cause }));
  }

  async #deliver(letter: Letter): Promise<void> {
    if (typeof this.#target === "function") return await this.#target(letter);
    await this.#target?.publish(letterBatch(letter));
  }
}
