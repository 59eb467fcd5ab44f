import { MixedWriter } from "../batch/mixed.ts";

/** Whether two values are the same data; what is no plain data is only the same as itself. */
export function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  try {
    const [one, other] = [a, b].map((value) => {
      const writer = new MixedWriter();
      writer.write(value);
      return writer.finish();
    });
    return one.length === other.length && one.every((byte, at) => byte === other[at]);
  } catch {
    return false;
  }
}
