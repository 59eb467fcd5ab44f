import type { Assignor, AssignorName } from "./assignor.ts";
import { assignCooperatively } from "./cooperative.ts";
import { assignRanges } from "./range.ts";
import { assignInTurn } from "./round_robin.ts";
import { assignSticky } from "./sticky.ts";

/** The ways to share partitions, by name. */
export const ASSIGNORS: Readonly<Record<AssignorName, Assignor>> = {
  sticky: assignSticky,
  range: assignRanges,
  roundrobin: assignInTurn,
  "cooperative-sticky": assignCooperatively,
};
