import type { BlockCutting, CutBlock } from "../codecs/block_cutting.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** How long records that are whole wait for others that may fill their block, ms. */
const LINGER_MS = 10;

/** Options of {@linkcode cutBlocks}. */
export interface CutBlocksOptions {
  readonly cutting: BlockCutting;
  readonly runtime: Runtime;
  /** Whether what is whole is not to wait long for what lets wait for itself. */
  readonly isLive: boolean;
}

/** The bytes of an input as blocks of whole records. */
export async function* cutBlocks(
  chunks: AsyncIterable<Uint8Array>,
  { cutting, runtime, isLive }: CutBlocksOptions,
): AsyncGenerator<CutBlock, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    while (true) {
      const next = iterator.next();
      if (isLive && !(await comesSoon(next, runtime))) yield* cutting.flush();
      const { done, value } = await next;
      if (done) break;
      yield* cutting.push(value);
    }
    yield* cutting.finish();
  } finally {
    await iterator.return?.();
  }
}

async function comesSoon(next: Promise<unknown>, runtime: Runtime): Promise<boolean> {
  const { promise: tooLong, resolve } = Promise.withResolvers<boolean>();
  const cancel = runtime.after(LINGER_MS, () => resolve(false));
  const comes = await Promise.race([next.then(() => true, () => true), tooLong]);
  cancel();
  return comes;
}
