import { spellDuration } from "../../runtime/duration.ts";
import { explain } from "../explain.ts";
import type { Joinable } from "./joinable.ts";
import { runGroups, type SliceGroup, sliceGroups } from "./slice_sharing.ts";
import { allIn } from "./shared_sources.ts";
import type { Source } from "../source.ts";

/** The plans of several pipelines, and what they have in common. */
export function explainJoint(members: readonly Joinable[]): string {
  const plans = members.map(({ parts }, at) => `pipeline ${at + 1}\n${explain(parts)}`);
  const groups = sliceGroups(members).flatMap((group) => groupLine(group, members));
  const common = [...sourceLines(members), ...groups, ...runLines(members)];
  return [common.join("\n"), ...plans].join("\n\n");
}

function sourceLines(members: readonly Joinable[]): string[] {
  const readers = new Map<Source, number[]>();
  members.forEach(({ parts }, at) => {
    for (const source of allIn(parts.source)) {
      readers.getOrInsertComputed(source, () => []).push(at);
    }
  });
  return [...readers].map(([{ name }, readers]) => {
    if (readers.length === 1) return `${name} is read for pipeline ${readers[0] + 1}`;
    return `${name} is read once for pipelines ${listed(readers)}`;
  });
}

function groupLine(
  { members, slice, why, stage }: SliceGroup,
  all: readonly Joinable[],
): string[] {
  if (stage) {
    return [`pipeline ${members[0] + 1} gives the ${stage.name} that others go on with: made once`];
  }
  if (slice !== undefined) {
    const { keys = [] } = all[members[0]].parts.plan;
    const by = keys.length > 0 ? keys.map((key) => JSON.stringify(key)).join(", ") : "nothing";
    return [
      `pipelines ${listed(members)} share slices of ${spellDuration(slice)}, keyed by ${by}: ` +
      `their rows are aggregated once`,
    ];
  }
  return why === undefined ? [] : [`pipeline ${members[0] + 1} has slices of its own: ${why}`];
}

function runLines(all: readonly Joinable[]): string[] {
  return runGroups(all).filter(({ slices }) => slices.length > 1).map(({ members }) => {
    return `pipelines ${listed(members.toSorted((a, b) => a - b))} run on the same bees`;
  });
}

/** The numbers that pipelines have in messages, as a list in words. */
function listed(members: readonly number[]): string {
  const numbers = members.map((at) => at + 1);
  return `${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}
