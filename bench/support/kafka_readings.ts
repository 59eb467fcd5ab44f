import type { Column } from "../../src/batch/column.ts";
import { RecordBatch } from "../../src/batch/record_batch.ts";
import { schema, types as t } from "../../mod.ts";
import { Random } from "../../tests/support/random.ts";

/** Six typed columns, about 100 bytes a row as JSON. */
export const READING = schema({
  id: t.required(t.i32),
  sensor: t.required(t.dict),
  at: t.required(t.timestamp),
  temperature: t.required(t.f64),
  humidity: t.required(t.i32),
  ok: t.required(t.bool),
});

const SENSORS = 1000;
const START_MS = Date.UTC(2026, 0, 1);

/** Batches of readings; all of their rows differ. */
export function readings(batches: number, rows: number): RecordBatch[] {
  const random = new Random(1);
  const names = Array.from({ length: SENSORS }, (_, i) => ({ sensor: `sensor_${i}` }));
  const dictionary = RecordBatch.fromRows(names, { schema: schema({ sensor: t.utf8 }) }).columnAt(
    0,
  );
  const column = (kind: Column["type"]["kind"], values: Column["values"]): Column => ({
    type: { kind } as Column["type"],
    length: rows,
    nullCount: 0,
    values,
  });
  return Array.from({ length: batches }, (_, batch) => {
    const ids = Int32Array.from({ length: rows }, (_, i) => 1_000_000 + batch * rows + i);
    const sensors = Int32Array.from({ length: rows }, () => random.below(SENSORS));
    const times = BigInt64Array.from(ids, (id) => BigInt(START_MS + id));
    const temperatures = Float64Array.from({ length: rows }, () => random.below(600) / 10 - 10);
    const humidities = Int32Array.from({ length: rows }, () => random.below(101));
    const oks = Uint8Array.from({ length: rows + 7 >> 3 }, () => random.below(256));
    const columns: Column[] = [
      column("i32", ids),
      { ...column("dict", sensors), children: [dictionary] },
      column("timestamp", times),
      column("f64", temperatures),
      column("i32", humidities),
      column("bool", oks),
    ];
    return new RecordBatch(READING, columns, rows) as unknown as RecordBatch;
  });
}

/** The rows of batches as JSON, one by one. */
export function textsOf(batches: readonly RecordBatch[]): string[] {
  return batches.flatMap((batch) => batch.toJson({ lines: true }).trimEnd().split("\n"));
}
