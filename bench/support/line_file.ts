import { ndjsonOf, randomOf, type Shape } from "./shapes.ts";

const PIECE_ROWS = 20_000;

/** Writes a file of JSON lines of a shape, the same each time. */
export async function writeLines(path: string, shape: Shape, rows: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const random = randomOf(1);
  for (let from = 0; from < rows; from += PIECE_ROWS) {
    const length = Math.min(PIECE_ROWS, rows - from);
    const records = Array.from({ length }, (_, at) => shape.record(from + at, random));
    const bytes = ndjsonOf(records);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  }
}
