import {
  CountWindow,
  CumulatingWindow,
  GlobalWindow,
  SessionWindow,
  SlidingWindow,
  TrailingWindow,
  TumblingWindow,
} from "../../mod.ts";
import type { OracleWindow } from "./oracle.ts";

/** Windows of pipelines that are those of the oracle, but for gaps and windows by functions. */
export function pipelineWindow(window: OracleWindow) {
  switch (window.kind) {
    case "tumbling":
      return new TumblingWindow(without(window));
    case "sliding":
      return new SlidingWindow(without(window));
    case "cumulating":
      return new CumulatingWindow(without(window));
    case "session":
      return new SessionWindow({ gap: window.gap as number });
    case "count":
      return new CountWindow(without(window));
    case "trailing":
      return new TrailingWindow(without(window));
    case "global":
      return new GlobalWindow();
    default:
      throw new TypeError(`No pipeline has ${window.kind} windows that are written in tests`);
  }
}

function without<W extends OracleWindow>(window: W): Omit<W, "kind"> {
  const { kind: _, ...options } = window;
  return options;
}
