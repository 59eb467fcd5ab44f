import { create, type Kernel, MOST_BUDGET_BYTES } from "../kernel/kernel.ts";

let shared: Kernel | undefined;

/**
 * The kernel of all decoders of this thread that have none of their own. Each owns its blocks of
 * memory alone; an instance for each would cost a tenth of a millisecond and some address space.
 */
export function sharedKernel(): Kernel {
  return shared ??= create({
    budgetBytes: MOST_BUDGET_BYTES,
    remedy: "decode fewer inputs at a time, or smaller batches and records",
  });
}

const forgotten = new FinalizationRegistry<Disposable>((memory) => memory[Symbol.dispose]());

/** Gives kernel memory back when its owner is collected before it did so itself. */
export function releaseWith(owner: object, memory: Disposable): void {
  forgotten.register(owner, memory, memory);
}

/** Gives kernel memory back now. */
export function releaseNow(memory: Disposable): void {
  forgotten.unregister(memory);
  memory[Symbol.dispose]();
}
