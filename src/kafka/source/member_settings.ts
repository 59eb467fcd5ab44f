import { milliseconds } from "../../runtime/duration.ts";
import { checkText } from "../driver/kafka_connection.ts";
import type { GroupMemberOptions } from "../group/group_member_options.ts";
import type { KafkaSourceOptions } from "./kafka_source_options.ts";
import { DOING } from "./start_settings.ts";

/** What a member of a group goes by. */
export type MemberSettings = Pick<
  GroupMemberOptions,
  "instanceId" | "sessionTimeoutMs" | "rebalanceTimeoutMs" | "heartbeatMs"
>;

/** Options that mean nothing without a member. */
const OPTIONS = [
  "groupInstanceId",
  "sessionTimeout",
  "rebalanceTimeout",
  "heartbeatInterval",
] as const;

/**
 * What a member goes by, checked.
 *
 * @throws {TypeError | RangeError} when there is no member that it would be about, or it cannot be.
 */
export function memberSettings(options: KafkaSourceOptions<never>): MemberSettings {
  const { groupId, partitions, groupInstanceId, sessionTimeout, rebalanceTimeout } = options;
  const { heartbeatInterval } = options;
  const lone = OPTIONS.find((name) => options[name] !== undefined);
  if (lone !== undefined && (groupId === undefined || partitions !== undefined)) {
    const why = groupId === undefined
      ? "give the group as groupId"
      : "with partitions a group only keeps offsets; leave one of them out";
    throw new TypeError(`Cannot ${DOING}: ${lone} is about a member of a group: ${why}`);
  }
  if (groupInstanceId !== undefined) checkText("groupInstanceId", groupInstanceId, DOING);
  const sessionTimeoutMs = milliseconds(sessionTimeout ?? "45s", "sessionTimeout", { least: 1 });
  const heartbeatMs = milliseconds(heartbeatInterval ?? "3s", "heartbeatInterval", { least: 1 });
  if (heartbeatMs >= sessionTimeoutMs) {
    throw new RangeError(
      `Cannot ${DOING}: heartbeatInterval (${heartbeatMs} ms) must be less than sessionTimeout ` +
        `(${sessionTimeoutMs} ms), a third of it at most, so that a lost heartbeat costs nothing`,
    );
  }
  return {
    ...(groupInstanceId !== undefined && { instanceId: groupInstanceId }),
    ...{ sessionTimeoutMs, heartbeatMs },
    rebalanceTimeoutMs: milliseconds(rebalanceTimeout ?? "60s", "rebalanceTimeout", { least: 1 }),
  };
}
