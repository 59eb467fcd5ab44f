import { typeName } from "../../batch/schema_check.ts";
import { several } from "../../batch/several.ts";
import { sizeOf } from "../encoding/plans.ts";
import { drawnColumns, type Twin, type TwinKeys } from "./twin.ts";

function describeKeys({ population }: TwinKeys): string {
  const { shares, gaps, newcomers, known } = population;
  const made = shares.length - Math.min(shares.length, sizeOf(known));
  const apart = gaps ? "at distances of their own" : "drawn by how frequent they are";
  const lasting = shares.length === 0
    ? ""
    : `${several(shares.length, "key")} ${apart}${made > 0 ? `, ${made} of them made` : ""}`;
  const fresh = newcomers ? `${(newcomers.rate * 100).toPrecision(2)} new keys in 100 events` : "";
  return [lasting, fresh].filter((each) => each !== "").join(", ");
}

/** Three digits that count, without an exponent. */
function rateText(perSecond: number): string {
  const digits = { minimumSignificantDigits: 3, maximumSignificantDigits: 3 };
  return perSecond.toLocaleString("en", digits);
}

/** What is known of a stream, for people: a line for each column that the model does not draw. */
export function describeTwin(twin: Twin): string[] {
  const { fields, time, keys, arrivals, states } = twin;
  const { curve } = arrivals.rate;
  const mean = curve.rates.reduce((a, b) => a + b, 0) / curve.rates.length * 1000;
  const late = arrivals.disorder.share;
  const order = late > 0 ? `, ${(late * 100).toFixed(1)} % delayed` : "";
  const line = (at: number, what: string) =>
    `  ${fields[at].name}  ${typeName(fields[at].type)}: ${what}`;
  const drawn = drawnColumns(twin);
  const names = states.columns.map(({ column }) => fields[drawn[column]].name);
  return [
    "twin of a stream",
    line(time, `event time, about ${rateText(mean)} events a second${order}`),
    ...(keys ? [line(keys.at, `key: ${describeKeys(keys)}`)] : []),
    ...(keys?.attributes ?? []).map(({ at }) => line(at, "follows from the key")),
    ...(names.length > 0 ? [`  carried on from event to event: ${names.join(", ")}`] : []),
  ];
}
