/** The record of the sensor bench. */
export interface Sensor {
  sensor_id: string;
  temperature: number;
}

/** The sensor function: Fahrenheit, and whether to worry. */
export function sensor(record: Sensor) {
  const { sensor_id, temperature } = record;
  const temp_f = (temperature * 9) / 5 + 32;
  let alert = "NORMAL";
  if (temp_f > 100) alert = "HIGH";
  else if (temp_f < 32) alert = "LOW";
  return { sensor_id, temp_c: temperature, temp_f, alert, timestamp: Date.now() / 1000 };
}

/** A flat record of ten fields. */
export function flat(record: Record<string, unknown>) {
  return { ...record, amount: (record.amount as number) + 1 };
}

/** A nested record: an object, three items, tags. */
export function nested(record: { items: { price: number; quantity: number }[] }) {
  let total = 0;
  for (const item of record.items) total += item.price * item.quantity;
  return { ...record, total };
}

/** Records to submit, different from each other. */
export const RECORDS: Record<string, (i: number) => unknown> = {
  sensor: (i) => ({ sensor_id: `sensor_${i % 1000}`, temperature: (i * 31 % 5000) / 100 }),
  flat: (i) => ({
    id: i,
    user: `user_${i % 997}`,
    amount: (i * 17 % 10_007) / 100,
    currency: ["EUR", "USD", "GBP"][i % 3],
    quantity: i % 12,
    paid: i % 5 !== 0,
    country: ["DE", "FR", "IT", "ES"][i % 4],
    score: Math.sqrt(i),
    at: 1_700_000_000_000 + i,
    note: i % 7 === 0 ? null : `note ${i % 50}`,
  }),
  nested: (i) => ({
    order: i,
    customer: { id: i % 500, name: `name ${i % 500}`, vip: i % 9 === 0 },
    items: [0, 1, 2].map((k) => ({ sku: `sku-${(i + k) % 300}`, price: k + 0.5, quantity: 1 + k })),
    tags: ["a", "b", i % 2 === 0 ? "even" : "odd"],
  }),
};

/** Work of about so many microseconds. */
function spin(record: { value: number }, turns: number): number {
  let sum = record.value;
  for (let i = 0; i < turns; i++) sum = (Math.imul(sum, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return sum;
}

/** A number through some ten microseconds of work. */
export function steady(record: { value: number }): { value: number; sum: number } {
  return { value: record.value, sum: spin(record, 10_000) };
}

/** The same, ten times as slow in the first bee of a hive, or where the context says so. */
export function slowFirst(
  record: { value: number },
  { context }: { context: { slow?: boolean } },
): { value: number; sum: number } {
  const isSlow = context.slow ?? (self as unknown as { name: string }).name.startsWith("bee 0.");
  return { value: record.value, sum: spin(record, isSlow ? 100_000 : 10_000) };
}
