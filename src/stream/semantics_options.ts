import { checkBoolean, knownOptions, type OptionRule } from "../runtime/known_options.ts";
import { FLINK_SEMANTICS, type WindowSemantics } from "../windows/window_semantics.ts";
import type { TriggerSpec, WindowSpec } from "../windows/window_spec.ts";
import { OptionChecks } from "./option_checks.ts";

/** An engine whose rules windows may follow. */
export type SemanticsPreset = "flink" | "kafka" | "beam";

/** Where engines differ about windows: one switch each. */
export interface SemanticsOptions {
  /** Whose rules hold where no switch says otherwise. Default `"flink"`. */
  like?: SemanticsPreset;
  /**
   * Whether rows exactly a gap apart are of one session, as in Flink and Kafka Streams, or of two,
   * as in Beam.
   */
  sessionsTouch?: boolean;
  /**
   * Whether a row that comes late still counts when it joins a session that is kept (`"joined"`), as
   * in Flink and Kafka Streams, or is late as soon as the session that it would make alone is over
   * (`"alone"`), as in Beam.
   */
  sessionLateBy?: "joined" | "alone";
  /**
   * The end that results give a session: a gap after its last row (`"gap"`), as in Flink and Beam,
   * or the time of its last row (`"last"`), as in Kafka Streams.
   */
  sessionEnd?: "gap" | "last";
  /**
   * Whether windows may start before 1970, as in Flink and Beam. In Kafka Streams there are none:
   * rows that no other window holds are `filtered`, and trailing windows start at 0.
   */
  negativeStarts?: boolean;
  /**
   * Whether a window closes when the watermark has reached its end (`"reached"`), as all do in Flink
   * and Beam, or 1 ms after that (`"passed"`), as sessions do in Kafka Streams.
   */
  closing?: "reached" | "passed";
  /**
   * Whether a window whose panes discard has one at its end when earlier ones have had all rows, as
   * in Beam; in Flink it has none.
   */
  emptyOnTime?: boolean;
  /**
   * When windows without a `trigger()` give results: at their end (`"atEnd"`), as in Flink and Beam,
   * or with each row (`"eachRow"`), as in Kafka Streams, where a session's new result takes the old
   * one back. Count windows give theirs when they are full, trailing windows when they are over.
   */
  results?: "atEnd" | "eachRow";
}

/** Rules about windows, of which some depend on the kind of window. */
export interface WindowRules {
  /** Whose they are but for the switches. */
  readonly like: SemanticsPreset;
  /** The switches that were set. */
  readonly switches: Omit<SemanticsOptions, "like">;
}

const PRESETS: readonly SemanticsPreset[] = ["flink", "kafka", "beam"];

const OPTIONS: OptionRule<SemanticsOptions> = {
  doing: "choose semantics",
  names: {
    like: true,
    sessionsTouch: true,
    sessionLateBy: true,
    sessionEnd: true,
    negativeStarts: true,
    closing: true,
    emptyOnTime: true,
    results: true,
  },
  example: '{ like: "kafka", sessionEnd: "gap" }',
};

const check = new OptionChecks("semantics");

/**
 * Checks the rules that windows are to follow.
 *
 * @throws {TypeError} when an option is none that it can be, or is not known.
 */
export function windowRules(given: SemanticsPreset | SemanticsOptions): WindowRules {
  if (typeof given === "string") return windowRules({ like: given });
  const { like = "flink", ...switches } = knownOptions(given, OPTIONS);
  check.oneOf("like", like, PRESETS);
  const { sessionLateBy, sessionEnd, closing, results } = switches;
  if (sessionLateBy !== undefined) check.oneOf("sessionLateBy", sessionLateBy, ["joined", "alone"]);
  if (sessionEnd !== undefined) check.oneOf("sessionEnd", sessionEnd, ["gap", "last"]);
  if (closing !== undefined) check.oneOf("closing", closing, ["reached", "passed"]);
  if (results !== undefined) check.oneOf("results", results, ["atEnd", "eachRow"]);
  for (const name of ["sessionsTouch", "negativeStarts", "emptyOnTime"] as const) {
    const value = switches[name];
    if (value !== undefined) checkBoolean(name, value, "choose semantics");
  }
  return { like, switches };
}

type WindowKind = WindowSpec["kind"];

/** An engine's rules for windows of a kind. */
function presetOf(like: SemanticsPreset, kind: WindowKind): WindowSemantics {
  if (like === "beam") {
    return { ...FLINK_SEMANTICS, sessionsTouch: false, sessionLateBy: "alone", emptyOnTime: true };
  }
  if (like === "flink") return FLINK_SEMANTICS;
  // Both ends of a session are in it there, so that one is over only when its end is passed.
  const closing = kind === "session" ? "passed" : "reached";
  return { ...FLINK_SEMANTICS, sessionEnd: "last", negativeStarts: false, closing };
}

/** What the rules come to for windows of a kind. */
export function semanticsFor({ like, switches }: WindowRules, kind: WindowKind): WindowSemantics {
  const { results: _, ...given } = switches;
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...presetOf(like, kind), ...Object.fromEntries(set) };
}

/** When windows of a kind give results, where nothing else is said. */
export function triggerFor(
  { like, switches }: WindowRules,
  kind: WindowKind,
): TriggerSpec | undefined {
  const { results = like === "kafka" ? "eachRow" : "atEnd" } = switches;
  if (results === "atEnd" || kind === "count" || kind === "trailing") return undefined;
  const panes = kind === "session" ? "retracting" : "accumulating";
  return { everyRows: 1, onTime: "never", panes };
}

const ENGINES: Readonly<Record<SemanticsPreset, string>> = {
  flink: "Flink's",
  kafka: "Kafka Streams'",
  beam: "Beam's",
};

/** The rules in words; `undefined` for Flink's. */
export function rulesText({ like, switches }: WindowRules): string | undefined {
  const set = Object.entries(switches).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  if (like === "flink" && set.length === 0) return undefined;
  return set.length === 0 ? ENGINES[like] : `${ENGINES[like]}, but for ${set.join(", ")}`;
}
