import { argsOf, type ExprNode } from "../../batch/expressions/node.ts";
import type { StepSpec } from "../../hive/row_steps.ts";
import { SharedShape } from "../../kernel/shared_shape.ts";
import { isKernelOp } from "../../windows/aggregate_place.ts";
import type { WindowExtent } from "../../kernel/window_types.ts";
import type { Joinable } from "./joinable.ts";
import type { OtherWindows, PipelinePlan } from "../pipeline_plan.ts";
import { allIn } from "./shared_sources.ts";
import type { Source } from "../source.ts";
import { stageOf } from "../stage.ts";
import { isSameTime } from "../union.ts";

/** Kinds of windows that share slices, at most. */
const MAX_KINDS = 16;
/** Slices of a window, at most, that would be fewer were they not shared: each costs a state. */
const MAX_SLICES = 256;
/** How many times as many slices as alone a window may always have. */
const MAX_FINER = 2;

/** Operators that have a value for every row: no row is bad by them. */
const SURE: ReadonlySet<string> = new Set([
  ...["col", "lit", "field", "not", "isNull", "isNaN", "and", "or", "eq", "ne", "lt", "le", "gt"],
  ...["ge", "between", "in", "when", "coalesce", "startsWith", "endsWith", "contains", "like"],
]);

/** A pipeline whose windows may share slices. */
type SharingPlan = PipelinePlan & OtherWindows;

/** Pipelines by number that share slices, or one that does not, and then why. */
export interface SliceGroup {
  readonly members: readonly number[];
  /** Length of the slices, ms; absent where nothing is shared. */
  readonly slice?: number;
  /** Why a pipeline with windows shares them with none. */
  readonly why?: string;
  /** The results of the one pipeline, where others go on with them. */
  readonly stage?: Source;
}

function isSure(node: ExprNode): boolean {
  return SURE.has(node.op) && argsOf(node).every(isSure);
}

/** What computes columns by which rows can be bad, for one pipeline would leave out another's. */
function unsureColumns({ aggregates }: SharingPlan): string {
  const computed = Object.values(aggregates).flatMap(({ computed = [] }) => computed);
  const names = computed.filter(({ node }) => !isSure(node)).map(({ name }) => name);
  return JSON.stringify([...new Set(names)].sort());
}

/** Why the windows of a pipeline can share slices with none; `undefined`: they can. */
function whyNone({ parts: { plan } }: Joinable): string | undefined {
  if (plan.ordered) return `their order matters: ${plan.ordered.because}`;
  if (plan.calendar) return "they are of a calendar";
  return undefined;
}

function isSharing(plan: PipelinePlan): plan is SharingPlan {
  const { window, aggregates, ordered, calendar } = plan;
  return !!window && !!aggregates && !ordered && !calendar &&
    Object.values(aggregates).every(({ op }) => isKernelOp(op));
}

/** Whether steps do the same: functions are the same only where they were passed once for both. */
function areSameSteps(some: readonly StepSpec[], others: readonly StepSpec[]): boolean {
  const isSame = (one: StepSpec, other: StepSpec) =>
    one === other ||
    "node" in one && "node" in other && JSON.stringify(one) === JSON.stringify(other);
  return some.length === others.length && some.every((step, at) => isSame(step, others[at]));
}

/** Why the windows of two pipelines cannot share slices, whatever their sizes. */
function whyApart(one: Joinable, other: Joinable): string | undefined {
  const [a, b] = [one.parts, other.parts];
  if (a.source !== b.source || a.settings !== b.settings) return "their sources or options differ";
  const [first, second] = [a.plan as SharingPlan, b.plan as SharingPlan];
  if (!isSameTime(first.time!, second.time!)) return "their event times differ";
  if (!areSameSteps(first.steps, second.steps)) return "their steps differ";
  const [keys, others] = [first.keys ?? [], second.keys ?? []];
  if (JSON.stringify(keys) !== JSON.stringify(others)) return "their keys differ";
  if (unsureColumns(first) !== unsureColumns(second)) {
    return "a row may have no value for what one of them computes";
  }
  return undefined;
}

/** Whether slices that all of these share are not so fine that they would cost too much. */
function areFew(windows: readonly WindowExtent[]): boolean {
  const { kinds, slice } = new SharedShape(windows);
  return kinds.every((kind) => {
    const alone = kind.size / kind.slice;
    return kind.size / slice <= Math.max(MAX_SLICES, MAX_FINER * alone);
  });
}

/** Whether the results of some steps are those of a pipeline. */
function isStageOf(stage: Source, { parts: { source, settings, plan } }: Joinable): boolean {
  const { parts } = stageOf(stage)!;
  if (parts.source !== source || parts.settings !== settings) return false;
  const names = Object.keys({ ...plan, ...parts.plan }) as (keyof PipelinePlan)[];
  return names.every((name) => name === "feedsOn" || plan[name] === parts.plan[name]);
}

/** Finds out which pipelines can share slices. */
class SliceGroups {
  readonly #all: readonly Joinable[];
  /** What some of them go on with. */
  readonly #stages: readonly Source[];
  readonly #groups: { members: number[]; why?: string; stage?: Source }[] = [];

  constructor(all: readonly Joinable[]) {
    this.#all = all;
    const sources = new Set(all.flatMap(({ parts }) => [...allIn(parts.source)]));
    this.#stages = [...sources].filter(stageOf);
  }

  place(at: number): void {
    const { plan } = this.#all[at].parts;
    const stage = this.#stages.find((stage) => isStageOf(stage, this.#all[at]));
    if (stage) {
      this.#groups.push({ members: [at], stage });
      return;
    }
    if (!isSharing(plan)) {
      const why = plan.window || plan.ordered ? whyNone(this.#all[at]) : undefined;
      this.#groups.push({ members: [at], ...(why && { why }) });
      return;
    }
    let why: string | undefined;
    for (const { members, stage } of this.#groups) {
      if (stage) continue;
      const reason = this.#whyNot(members, at);
      if (reason === undefined) return void members.push(at);
      if (isSharing(this.#all[members[0]].parts.plan)) why ??= reason;
    }
    this.#groups.push({ members: [at], ...(why && { why }) });
  }

  #whyNot(members: readonly number[], at: number): string | undefined {
    const [first] = members.map((member) => this.#all[member]);
    if (!isSharing(first.parts.plan)) return "it has no such windows";
    const reason = whyApart(first, this.#all[at]);
    if (reason !== undefined) return reason;
    if (members.length >= MAX_KINDS) return `at most ${MAX_KINDS} kinds of windows share slices`;
    const isCheap = areFew(this.#windowsOf([...members, at]));
    return isCheap ? undefined : `a window would have more than ${MAX_SLICES} slices`;
  }

  #windowsOf(members: readonly number[]): WindowExtent[] {
    return members.map((member) => (this.#all[member].parts.plan as SharingPlan).window);
  }

  get groups(): SliceGroup[] {
    return this.#groups.map(({ members, ...more }) => {
      if (members.length === 1) return { members, ...more };
      return { members, slice: new SharedShape(this.#windowsOf(members)).slice };
    });
  }
}

/**
 * Groups pipelines whose windows can share slices: of the same rows, keys and times, of built-in
 * aggregates. A pipeline that shares them with none, or has no windows, is a group of its own.
 */
export function sliceGroups(all: readonly Joinable[]): SliceGroup[] {
  const groups = new SliceGroups(all);
  all.forEach((_, at) => groups.place(at));
  return groups.groups;
}

/** Pipelines that are one run, on the same bees. */
export interface RunGroup {
  /** Their numbers, those that share slices one after the other. */
  readonly members: readonly number[];
  /** Those that share slices. */
  readonly slices: readonly SliceGroup[];
}

/** Whether no row can be bad for a pipeline alone, which would have to be told of it alone. */
function hasNoBadRows({ parts: { plan } }: Joinable): boolean {
  return isSharing(plan) && unsureColumns(plan) === "[]" &&
    plan.steps.every((step) => "node" in step && isSure(step.node));
}

/**
 * Groups pipelines that are one run: windows of the same source and event times with other keys or
 * steps, as far as these have a value for every row.
 */
export function runGroups(all: readonly Joinable[]): RunGroup[] {
  const runs: { members: number[]; slices: SliceGroup[]; isOpen: boolean }[] = [];
  for (const group of sliceGroups(all)) {
    const { members, stage } = group;
    const isOpen = !stage && members.every((at) => hasNoBadRows(all[at]));
    const run = runs.find((run) =>
      isOpen && run.isOpen && run.members.length + members.length <= MAX_KINDS &&
      areBeside(all[run.members[0]], all[members[0]])
    );
    if (run) {
      run.members.push(...members);
      run.slices.push(group);
    } else runs.push({ members: [...members], slices: [group], isOpen });
  }
  return runs;
}

function areBeside({ parts: one }: Joinable, { parts: other }: Joinable): boolean {
  return one.source === other.source && one.settings === other.settings &&
    isSameTime(one.plan.time!, other.plan.time!);
}

/** The plan of pipelines that are one run, of which there are several. */
export function sharedPlan(all: readonly Joinable[], { slices }: RunGroup): PipelinePlan {
  const [first, ...beside] = slices.map(({ members }): SharingPlan => {
    const [one, ...others] = members.map((at) => all[at].parts.plan as SharingPlan);
    return {
      ...one,
      ...(others.length > 0 && {
        others: others.map(({ window, aggregates }) => ({ window, aggregates })),
      }),
    };
  });
  if (beside.length === 0) return first;
  return {
    ...first,
    beside: beside.map(({ steps, keys = [], window, aggregates, others }) => {
      return { steps, keys, window, aggregates, ...(others && { others }) };
    }),
  };
}
