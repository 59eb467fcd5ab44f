import { received } from "../runtime/known_options.ts";
import type { Publisher } from "./publisher.ts";

/**
 * Checks that something can be published to.
 *
 * @param doing What cannot be done without, for the message.
 * @param taker What takes it: `"tee()"`.
 * @throws {TypeError} when it cannot.
 */
export function checkPublisher(given: Publisher, doing: string, taker: string): void {
  if (typeof given?.publish === "function" && typeof given.flush === "function") return;
  throw new TypeError(
    `Cannot ${doing}: ${taker} takes a publisher, an object with publish() and flush(), received ` +
      received(given),
  );
}
