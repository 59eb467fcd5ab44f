import { setOwn } from "../../batch/misfit.ts";
import { perMillisecond, type Rate } from "../../generators/arrival/rate_shapes.ts";
import type { Conditions } from "../../generators/conditions/conditions.ts";
import type { StreamOptions } from "../../generators/streaming/stream_options.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import {
  checkWhole,
  knownOptions,
  type OptionRule,
  received,
} from "../../runtime/known_options.ts";
import { TOKEN_PARAMETER } from "../../sources/websocket_server/gate.ts";

/** What a client can ask for, as it stands in a message or a query. */
export interface StreamRequestFields {
  /** Default in a query: `"stream"`. */
  readonly action?: "stream" | "generate" | "stop";
  readonly conditions?: Conditions;
  readonly batchSize?: number;
  readonly interval?: Duration;
  readonly rate?: Rate;
  readonly records?: number;
  readonly seed?: number;
  readonly start?: number;
}

/** What clients may ask for at most, and what they get when they ask for nothing. */
export interface StreamLimits {
  readonly batchSize: number;
  readonly intervalMs: number;
  readonly maxBatchSize: number;
  readonly maxRate: number;
  readonly maxRecords: number;
}

/** A request that can be met. */
export type PlannedRequest =
  | { readonly action: "stop" }
  | {
    readonly action: "stream" | "generate";
    readonly seed?: number;
    readonly options: StreamOptions;
  };

const REQUEST: OptionRule<StreamRequestFields> = {
  doing: "take request",
  names: {
    action: true,
    conditions: true,
    batchSize: true,
    interval: true,
    rate: true,
    records: true,
    seed: true,
    start: true,
  },
  example: '{ "action": "stream" }',
};

const ACTIONS: readonly unknown[] = ["stream", "generate", "stop"];
const NUMBERS: ReadonlySet<string> = new Set(["batchSize", "records", "seed", "start"]);

function count(name: string, value: unknown, least: number, most: number): void {
  checkWhole(name, value as number, { doing: "take request", least, most });
}

/** Records a second, by the rate or the interval; the slower of both. */
function checkRate(
  { rate, interval, batchSize }: { rate?: Rate; interval?: number; batchSize: number },
  maxRate: number,
): void {
  const rates = [
    ...(rate === undefined ? [] : [perMillisecond(rate, "rate") * 1000]),
    ...(interval === undefined ? [] : [(batchSize * 1000) / interval]),
  ];
  const asked = Math.min(...rates);
  if (asked <= maxRate) return;
  throw new RangeError(
    `Cannot take request: ${Number.isFinite(asked) ? asked : "no end of"} records a second are ` +
      `more than this server gives, ${maxRate}; ask for a lower rate, a smaller batchSize or a ` +
      `longer interval`,
  );
}

function streamOptions(fields: StreamRequestFields, limits: StreamLimits): StreamOptions {
  const { rate, interval, batchSize = limits.batchSize, records } = fields;
  count("batchSize", batchSize, 1, limits.maxBatchSize);
  if (records !== undefined) count("records", records, 0, Number.MAX_SAFE_INTEGER);
  const usual = rate === undefined ? limits.intervalMs : undefined;
  const intervalMs = interval === undefined
    ? usual
    : milliseconds(interval, "interval", { fractions: true });
  checkRate({ rate, interval: intervalMs, batchSize }, limits.maxRate);
  return {
    batchSize,
    ...(intervalMs !== undefined && { interval: intervalMs }),
    ...(rate !== undefined && { rateLimit: rate }),
    ...(records !== undefined && { maxRecords: records }),
  };
}

function generateOptions(fields: StreamRequestFields, limits: StreamLimits): StreamOptions {
  const { rate, interval, records } = fields;
  if (rate !== undefined || interval !== undefined) {
    throw new TypeError(
      `Cannot take request: "generate" gives records at once, without ` +
        `${
          rate === undefined ? "interval" : "rate"
        }; ask for "stream" with records, or leave it out`,
    );
  }
  count("records", records, 1, limits.maxRecords);
  const { batchSize = Math.min(records!, limits.maxBatchSize) } = fields;
  count("batchSize", batchSize, 1, limits.maxBatchSize);
  return { batchSize, maxRecords: records!, rateLimit: limits.maxRate };
}

/**
 * What a request asks for.
 *
 * @throws {TypeError | RangeError} when it cannot be read, or is more than the server gives.
 */
function planRequest(given: unknown, limits: StreamLimits): PlannedRequest {
  const fields = knownOptions(given as StreamRequestFields, REQUEST);
  const { action, conditions, seed, start } = fields;
  if (!ACTIONS.includes(action)) {
    throw new TypeError(
      `Cannot take request: action must be "stream", "generate" or "stop", received ` +
        received(action),
    );
  }
  if (action === "stop") {
    const more = Object.keys(fields).find((name) => name !== "action");
    if (more === undefined) return { action };
    throw new TypeError(`Cannot take request: "stop" takes no ${more}`);
  }
  if (seed !== undefined) count("seed", seed, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if (start !== undefined) count("start", start, 0, Number.MAX_SAFE_INTEGER);
  const how = action === "stream" ? streamOptions(fields, limits) : generateOptions(fields, limits);
  return {
    action: action as "stream" | "generate",
    ...(seed !== undefined && { seed }),
    options: {
      ...how,
      ...(conditions !== undefined && { conditions }),
      ...(start !== undefined && { start }),
    },
  };
}

/**
 * Reads a message of a client.
 *
 * @throws {TypeError | RangeError} when it is no request, or one that cannot be met.
 */
export function requestOf(message: string | Uint8Array, limits: StreamLimits): PlannedRequest {
  if (typeof message !== "string") {
    throw new TypeError(
      `Cannot take request: it is a text message with JSON such as {"action":"stream"}, received ` +
        `${message.length} bytes`,
    );
  }
  let given: unknown;
  try {
    given = JSON.parse(message);
  } catch (cause) {
    throw new TypeError(
      `Cannot take request: it is JSON such as {"action":"stream"}: ${(cause as Error).message}`,
      { cause },
    );
  }
  return planRequest(given, limits);
}

/** Whether the query of a connection asks for a stream. */
export function asksForSomething(query: URLSearchParams): boolean {
  return Array.from(query.keys()).some((name) => name !== TOKEN_PARAMETER);
}

/**
 * What the query of a connection asks for.
 *
 * @throws {TypeError | RangeError} when it is no request, or one that cannot be met.
 */
export function requestOfQuery(
  query: URLSearchParams,
  limits: StreamLimits,
  takesRequests: boolean,
): PlannedRequest {
  const fields: Record<string, unknown> = { action: "stream" };
  const seen = new Set<string>();
  for (const [name, value] of query) {
    if (name === TOKEN_PARAMETER) continue;
    if (!takesRequests) throw new TypeError("Cannot take request: this server takes none");
    if (seen.has(name)) {
      throw new TypeError(`Cannot take request: ${received(name)} stands twice in the query`);
    }
    seen.add(name);
    const isNumber = NUMBERS.has(name) || /^(rate|interval)$/.test(name) && /^[\d.]+$/.test(value);
    setOwn(fields, name, isNumber ? Number(value === "" ? NaN : value) : value);
  }
  return planRequest(fields, limits);
}
