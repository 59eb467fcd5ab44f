import type { Runtime } from "../../runtime/runtime.ts";
import { BrokerRefusal } from "./broker_refusal.ts";

/** Who asks, perhaps under a name of its own. */
interface Named {
  readonly memberId: string;
  readonly instanceId?: string | undefined;
}

const HEX_DIGITS = 32;
const UUID_PARTS = [8, 4, 4, 4, 12];

/** The names that members of a group have given themselves, and who has each now: KIP-345. */
export class GroupInstances {
  readonly #runtime: Runtime;
  readonly #holders = new Map<string, string>();

  /** Nobody has a name yet. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The member of a name. */
  holderOf(instanceId: string): string | undefined {
    return this.#holders.get(instanceId);
  }

  /** What a member of a name is called: behind it stands a UUID, as Java's `randomUUID` makes it. */
  nameFor(instanceId: string): string {
    const digit = () => Math.floor(this.#runtime.random() * 16).toString(16);
    const hex = Array.from({ length: HEX_DIGITS }, digit);
    const parts = UUID_PARTS.map((length) => hex.splice(0, length).join(""));
    return `${instanceId}-${parts.join("-")}`;
  }

  /** A member has its name from now on. */
  give({ memberId, instanceId }: Named): void {
    if (instanceId !== undefined) this.#holders.set(instanceId, memberId);
  }

  /** A member is no more. */
  take({ memberId, instanceId }: Named): void {
    if (instanceId === undefined || this.#holders.get(instanceId) !== memberId) return;
    this.#holders.delete(instanceId);
  }

  /** @throws {BrokerRefusal} when another one has the name by now. */
  check({ memberId, instanceId }: Named): void {
    const holder = instanceId === undefined ? undefined : this.#holders.get(instanceId);
    if (holder !== undefined && holder !== memberId) throw new BrokerRefusal("FENCED_INSTANCE_ID");
  }
}
