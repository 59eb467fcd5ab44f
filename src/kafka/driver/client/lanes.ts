import type { Runtime } from "../../../runtime/runtime.ts";
import { Lane, type LaneUser } from "./lane.ts";
import type { Links } from "./links.ts";

/** The ways to all brokers that anything was sent to. */
export class Lanes {
  readonly #links: Links;
  readonly #runtime: Runtime;
  readonly #user: LaneUser;
  readonly #lanes = new Map<string, Lane>();

  /** None yet. */
  constructor(links: Links, runtime: Runtime, user: LaneUser) {
    this.#links = links;
    this.#runtime = runtime;
    this.#user = user;
  }

  /** The way to a broker. */
  to(address: string): Lane {
    return this.#lanes.getOrInsertComputed(
      address,
      () => new Lane(address, this.#links, this.#runtime, this.#user),
    );
  }

  /** When those that rested at a time can be tried again, both on the runtime's clock. */
  restingUntilMs(atMs: number): number[] {
    return Array.from(this.#lanes.values(), ({ notBeforeMs }) => notBeforeMs)
      .filter((ms) => ms > atMs);
  }
}
