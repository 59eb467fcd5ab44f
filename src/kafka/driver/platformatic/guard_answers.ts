import { GARBLED, MOST_ANSWER_BYTES } from "../client/link.ts";
import type { PlatformaticSocket } from "./platformatic_package.ts";

const SIZE_BYTES = 4;
/** Of the number that says to which request an answer belongs. */
const LEAST_ANSWER_BYTES = 4;

/** Follows where answers begin: each has its size in front. */
class AnswerSizes {
  /** Bytes that are left of an answer. */
  #left = 0;
  #size = 0;
  /** How many bytes of a size have come. */
  #known = 0;

  /** More has come; whether it can be answers of a broker. */
  take(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length;) {
      const passed = Math.min(this.#left, bytes.length - at);
      this.#left -= passed;
      at += passed;
      if (this.#left > 0 || at === bytes.length) return true;
      this.#size = this.#size << 8 | bytes[at++];
      if (++this.#known < SIZE_BYTES) continue;
      if (this.#size < LEAST_ANSWER_BYTES || this.#size > MOST_ANSWER_BYTES) return false;
      [this.#left, this.#size, this.#known] = [this.#size, 0, 0];
    }
    return true;
  }
}

/**
 * Ends a connection over which something else comes than a broker's answers: `@platformatic/kafka`
 * would gather it without end, and what it throws would end the process.
 */
export function guardAnswers(socket: PlatformaticSocket): void {
  const listeners = socket.listeners("data");
  const sizes = new AnswerSizes();
  socket.removeAllListeners("data");
  socket.on("data", (bytes) => {
    try {
      if (sizes.take(bytes)) return listeners.forEach((listener) => listener(bytes));
    } catch {
      // told below
    }
    socket.destroy(new Error(GARBLED));
  });
}
