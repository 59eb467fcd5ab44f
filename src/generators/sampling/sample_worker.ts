/**
 * The module that the thread of a bee runs which samples.
 *
 * @module
 */
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { nextTurn } from "../../runtime/next_turn.ts";
import { SyntheticGenerator } from "../synthetic_generator.ts";
import { failureOf, type PostSample, type SampleInit, SampleTask } from "./sample_task.ts";

interface SampleScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage: PostSample;
}

const scope = self as unknown as SampleScope;
const early: unknown[] = [];

scope.onmessage = async ({ data }) => {
  scope.onmessage = ({ data }) => void early.push(data);
  const post: PostSample = (message, transfer) => scope.postMessage(message, transfer);
  try {
    const load = (bytes: Uint8Array) => SyntheticGenerator.load(bytes);
    const task = await SampleTask.born(data as SampleInit, { load, post });
    let isWorking = false;
    const work = async (job: unknown) => {
      task.receive(job);
      if (isWorking) return;
      isWorking = true;
      // a turn of the event loop between steps, where a thread can be ended
      while (task.step() === "worked") {
        await nextTurn(denoRuntime);
      }
      isWorking = false;
    };
    early.forEach(work);
    scope.onmessage = ({ data }) => void work(data);
  } catch (error) {
    post(failureOf(error), []);
  }
};
