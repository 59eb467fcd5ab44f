import type { Kernel } from "../../src/kernel/kernel.ts";
import type { KernelColumn, WindowRows } from "../../src/kernel/window_types.ts";

/** Room behind a column in kernel memory, so that loops may read a little past its end. */
const PADDING_BYTES = 64;

/** A batch, its columns seen anew each time, since the memory that they lie in may have grown. */
export type BatchView = () => WindowRows;

type Numbers = NonNullable<KernelColumn["values"] | KernelColumn["offsets"]>;

function placed<T extends Numbers>(kernel: Kernel, buffer: T): () => T {
  const at = kernel.allocate(buffer.byteLength + PADDING_BYTES);
  const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  kernel.u8.set(bytes, at);
  const View = buffer.constructor as new (memory: ArrayBuffer, at: number, length: number) => T;
  return () => new View(kernel.u8.buffer, at, buffer.length);
}

function placedColumn(kernel: Kernel, column: KernelColumn): () => KernelColumn {
  const values = column.values && placed(kernel, column.values);
  const offsets = column.offsets && placed(kernel, column.offsets);
  return () => ({ ...column, values: values?.(), offsets: offsets?.() });
}

/** Brings a batch into kernel memory. */
export function placedBatch(
  kernel: Kernel,
  { length, times, keys, values }: WindowRows,
): BatchView {
  const own = placedColumn(kernel, times);
  const [allKeys, allValues] = [keys, values].map((columns) =>
    columns.map((column) => placedColumn(kernel, column))
  );
  return () => ({
    length,
    times: own(),
    keys: allKeys.map((key) => key()),
    values: allValues.map((value) => value()),
  });
}

/** Moves the times of a batch on. */
export function advance(batch: BatchView, ms: number): void {
  const times = batch().times.values as BigInt64Array;
  const by = BigInt(ms);
  for (let row = 0; row < times.length; row++) times[row] += by;
}
