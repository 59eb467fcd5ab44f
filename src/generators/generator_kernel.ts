import { create, type Kernel } from "../kernel/kernel.ts";

/** A kernel for fitting or sampling a generator. */
export function generatorKernel(): Kernel {
  return create({ remedy: "learn fewer columns, or with fewer symbols" });
}
