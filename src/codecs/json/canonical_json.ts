/**
 * A row's value as JSON that has nothing odd in it: no key twice, and in objects only what the row
 * has. Read again, it gives the same value.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "number":
      return numberText(value);
    case "bigint":
      return String(value);
    case "object":
      return objectText(value);
    default:
      return JSON.stringify(value);
  }
}

/** JSON has numbers that become infinite, and a zero below zero. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  return value < 0 ? "-1e999" : "1e999";
}

function objectText(value: object | null): string {
  if (value === null) return "null";
  if (value instanceof Uint8Array) return JSON.stringify(value.toBase64());
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const entries = Object.entries(value).map(([key, inner]) =>
    `${JSON.stringify(key)}:${canonicalJson(inner)}`
  );
  return `{${entries.join(",")}}`;
}
