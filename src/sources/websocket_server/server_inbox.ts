import { Fifo } from "../../stream/fifo.ts";
import type { WireMessage } from "../websocket_wire.ts";
import type { ServerSocket } from "./server_socket.ts";

/** A message of a client. */
export interface ClientMessage {
  readonly socket: ServerSocket;
  readonly message: WireMessage;
}

interface HeldMessage extends ClientMessage {
  readonly admitted: () => void;
}

/**
 * What clients have sent and nobody has taken, within a bound. A client whose message does not fit
 * waits, and is not read meanwhile.
 */
export class ServerInbox {
  readonly #mostBytes: number;
  #messages: ClientMessage[] = [];
  #bytes = 0;
  readonly #held = new Fifo<HeldMessage>();
  #hasEnded = false;
  #wake: (() => void) | undefined;

  /** An inbox of that many bytes; a message that is larger goes in when there is nothing else. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Puts a message in; resolves when there was room for it. */
  async put(given: ClientMessage): Promise<void> {
    const { promise, resolve: admitted } = Promise.withResolvers<void>();
    this.#held.push({ ...given, admitted });
    this.#admit();
    this.#wake?.();
    await promise;
  }

  /** No more messages come but those that are held. */
  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }

  /** All messages that there are, as soon as there are any; none when no more come. */
  async take(): Promise<readonly ClientMessage[]> {
    while (this.#messages.length === 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    this.#admit();
    return messages;
  }

  /** Forgets all messages, so that nobody waits for room any more. */
  clear(): void {
    for (const { admitted } of this.#held.drain()) admitted();
    this.#messages = [];
    this.#bytes = 0;
  }

  #admit(): void {
    for (let next = this.#held.peek(); next; next = this.#held.peek()) {
      const { length } = next.message;
      if (this.#bytes + length > this.#mostBytes && this.#messages.length > 0) return;
      this.#held.shift();
      this.#messages.push(next);
      this.#bytes += length;
      next.admitted();
    }
  }
}
