import { parseTimestamp } from "../../batch/iso_time.ts";
import { UsageError } from "../usage_error.ts";
import { durationMs } from "../values.ts";

const WORDS = ["earliest", "latest", "committed"] as const;

/** Where a topic is read from. */
export type PlaceInTime =
  | typeof WORDS[number]
  | { readonly timestamp: number }
  | { readonly agoMs: number };

/**
 * Where to begin: `earliest`, `latest`, `committed`, a time such as `2026-01-31T12:00Z`, in UTC where it
 * has no zone, or so long ago: `-1h`.
 */
export function placeInTime(text: string, flag: string): PlaceInTime {
  const word = WORDS.find((each) => each === text);
  if (word !== undefined) return word;
  const [, ago] = /^-(.+)$/.exec(text) ?? [];
  if (ago !== undefined) return { agoMs: durationMs(ago, `${flag} -…`) };
  const timestamp = parseTimestamp(text);
  if (timestamp !== undefined) return { timestamp };
  throw new UsageError(
    `${flag} takes earliest, latest, committed, a time such as 2026-01-31T12:00Z, or so long ago ` +
      `such as -1h, received ${JSON.stringify(text)}`,
  );
}
