import type { WireMessage } from "../websocket_wire.ts";

/** A message that waits. */
export interface WaitingMessage {
  readonly message: WireMessage;
  /** Over which connection it came, from 1. */
  readonly connection: number;
}

/** What has come and was not read yet, within a bound. */
export class Inbox {
  readonly #mostBytes: number;
  #messages: WaitingMessage[] = [];
  #bytes = 0;
  #hasEnded = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  /** An inbox of that many bytes; a message that is larger goes in when there is nothing else. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Whether nothing is in it. */
  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** Puts a message in; whether it was not full before. */
  put(waiting: WaitingMessage): boolean {
    const { length } = waiting.message;
    if (this.#bytes + length > this.#mostBytes && !this.isEmpty) return false;
    this.#messages.push(waiting);
    this.#bytes += length;
    this.#wake?.();
    return true;
  }

  /** Nothing more comes. */
  end(error?: Error): void {
    this.#hasEnded = true;
    this.#error ??= error;
    this.#wake?.();
  }

  /**
   * All messages that there are, as soon as there are any; none when nothing more comes.
   *
   * @throws what the end was told with, behind the last message.
   */
  async take(): Promise<WaitingMessage[]> {
    while (this.isEmpty && !this.#hasEnded) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    if (messages.length === 0 && this.#error) throw this.#error;
    return messages;
  }
}
