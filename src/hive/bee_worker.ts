/**
 * The module that a bee's thread runs: the loop around {@linkcode Bee.step}.
 *
 * @module
 */
import { denoRuntime } from "../runtime/deno_runtime.ts";
import { WorkWatch } from "./work_watch.ts";
import { type Sleeper, sleepOn, sleepOnAsync } from "./ring_buffer.ts";
import { Bee, type BeeInit, type BeeMessage } from "./bee.ts";
import type { AheadMessage } from "./bee_module.ts";
import { outlineOf, taskLoaderOf } from "./task_loader.ts";

const PARK_MS = 1_000;

interface BeeScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: BeeMessage): void;
  close(): void;
}

const scope = self as unknown as BeeScope;

scope.onmessage = ({ data }) => {
  const { ahead } = data as Partial<AheadMessage>;
  if (ahead === undefined) return void begin(data as BeeInit);
  taskLoaderOf(ahead).catch(() => {}); // it is told when it is needed
};

async function begin(init: BeeInit): Promise<void> {
  const early: unknown[] = [];
  scope.onmessage = ({ data }) => void early.push(data);
  let bee: Bee;
  try {
    const loadTask = await taskLoaderOf(outlineOf(init.task));
    bee = await Bee.born(init, { runtime: denoRuntime, loadTask });
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    scope.postMessage({ kind: "unfit", name: error.name, message: error.message });
    scope.close();
    return;
  }
  for (const mail of early) bee.receive(mail);
  scope.onmessage = ({ data }) => bee.receive(data);
  scope.postMessage(bee.ready);
  await live(bee);
  scope.close();
}

/** Works until told to stop, and sleeps when there is nothing to do. */
async function live(bee: Bee): Promise<void> {
  while (true) {
    const outcome = bee.step();
    if (outcome === "stopped") return;
    if (bee.awaitsMail) await turn();
    else if (bee.pending > 0) await (outcome === "idle" ? anything(bee) : turn());
    else if (outcome === "idle" && !seesNews(bee)) {
      sleepOn(bee.control.bell, sleepOptions(bee.waitsFor()));
    }
  }
}

const watch = new WorkWatch(() => denoRuntime.monotonicMs());

function seesNews(bee: Bee): boolean {
  // What was there before its last step, it cannot take now: it must sleep until it can.
  return !bee.hasNews && watch.look(() => bee.hasNews);
}

function sleepOptions(ends: readonly Sleeper[]) {
  return { ends, waiter: denoRuntime, timeoutMs: PARK_MS };
}

/** The wait for the bell, kept so that waits do not pile up while promises settle. */
let listening: { readonly ends: readonly Sleeper[]; readonly heard: Promise<void> } | undefined;

/** Waits for a promise of the user's function or for the bell, whichever is first. */
async function anything(bee: Bee): Promise<void> {
  const ends = bee.waitsFor();
  if (listening && !sameEnds(ends, listening.ends)) {
    bee.control.ring(); // the old wait would not hear of what is waited for now
    return await listening.heard;
  }
  listening ??= { ends, heard: listen(bee, ends) };
  await Promise.race([bee.settled(), listening.heard]);
}

async function listen(bee: Bee, ends: readonly Sleeper[]): Promise<void> {
  await sleepOnAsync(bee.control.bell, sleepOptions(ends));
  listening = undefined;
}

function sameEnds(one: readonly Sleeper[], other: readonly Sleeper[]): boolean {
  return one.length === other.length && one.every((end, i) => end === other[i]);
}

/** Lets timers, sockets and promises of the user's function have their turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => denoRuntime.soon(resolve));
}
