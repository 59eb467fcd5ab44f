import { explain } from "./explain.ts";
import type { Joinable } from "./joinable.ts";

/** The plans of several pipelines, and what they have in common. */
export function explainJoint(members: readonly Joinable[]): string {
  const plans = members.map(({ parts }, at) => `pipeline ${at + 1}\n${explain(parts)}`);
  return [sharedText(members), ...plans].join("\n\n");
}

function sharedText(members: readonly Joinable[]): string {
  const sources = Map.groupBy(members.keys(), (at) => members[at].parts.source);
  return [...sources].map(([{ name }, readers]) => {
    if (readers.length === 1) return `${name} is read for pipeline ${readers[0] + 1}`;
    return `${name} is read once for pipelines ${listed(readers.map((at) => at + 1))}`;
  }).join("\n");
}

/** Numbers as a list in words. */
function listed(numbers: readonly number[]): string {
  return `${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}
