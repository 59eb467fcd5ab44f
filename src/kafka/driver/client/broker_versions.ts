import { APIS } from "../wire/apis.ts";
import type { VersionRange } from "../wire/cluster_requests.ts";
import { DialError } from "./link.ts";

/**
 * Checks that a broker knows all that is asked of it, by its answer to `versionsRequest()`.
 *
 * @throws {DialError} when it does not.
 */
export function checkVersions(
  { code, ranges }: { readonly code: number; readonly ranges: readonly VersionRange[] },
): void {
  if (code !== 0) {
    throw new DialError("is too old: Kafka 2.5 or newer is needed", { isPassing: false });
  }
  for (const { key, name, version } of Object.values(APIS)) {
    const range = ranges.find((range) => range.key === key);
    if (range !== undefined && range.least <= version && version <= range.most) continue;
    const known = range === undefined ? "none" : `${range.least} to ${range.most}`;
    throw new DialError(
      `does not speak version ${version} of ${name} (but ${known}): brokers of Kafka 2.5 and newer do`,
      { isPassing: false },
    );
  }
}
