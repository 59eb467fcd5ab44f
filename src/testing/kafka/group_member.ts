import type { JoinAnswer, JoinRequest } from "../../kafka/driver/driver.ts";
import type { Cancel } from "../../runtime/runtime.ts";
import type { Protocols } from "./group_protocols.ts";

/** A member of a group, as its coordinator keeps it. */
export interface Member {
  readonly memberId: string;
  /** The name that it has given itself: KIP-345. */
  readonly instanceId: string | undefined;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: Protocols;
  assignment: Uint8Array;
  joining?: PromiseWithResolvers<JoinAnswer>;
  syncing?: PromiseWithResolvers<Uint8Array>;
  cancelSession: Cancel;
}

/** A member that has just come: nothing is assigned to it. */
export function newMember(
  { memberId, instanceId, sessionTimeoutMs, rebalanceTimeoutMs, protocols }: JoinRequest,
): Member {
  return {
    ...{ memberId, instanceId, sessionTimeoutMs, rebalanceTimeoutMs, protocols },
    ...{ assignment: new Uint8Array(), cancelSession: () => {} },
  };
}
