import { OptionChecks } from "../../stream/option_checks.ts";

const DEFAULT_HIGH_WATER_BYTES = 1_048_576;
const MOST_HIGH_WATER_BYTES = 1_073_741_824;

/**
 * What becomes of messages for a client that takes them slower than they come. `"wait"`: the stream
 * waits for it. `"conflate"`: the newest message waits, those before it are lost. `"drop"`: new ones
 * are lost. `"close"`: its connection ends with the code 1013.
 */
export type SlowClients = "wait" | "conflate" | "drop" | "close";

/** How much may wait for a client. */
export interface SlowClientOptions {
  /** What becomes of messages for a client that is slow; those that are lost are counted. Default `"wait"`. */
  slowClients?: SlowClients;
  /** Bytes that wait for a client, beyond which it is slow. Default 1 MiB. */
  highWater?: number;
  /** Bytes that still wait for it when it is slow no more. Default: half of `highWater`. */
  lowWater?: number;
}

/** The names of {@linkcode SlowClientOptions}. */
export const SLOW_NAMES: Readonly<Record<keyof SlowClientOptions, true>> = {
  slowClients: true,
  highWater: true,
  lowWater: true,
};

/** {@linkcode SlowClientOptions} with all that is not given. */
export type SlowClientSettings = Readonly<Required<SlowClientOptions>>;

/**
 * Checks what may wait for clients.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function slowClientSettings(
  options: SlowClientOptions,
  created: string,
): SlowClientSettings {
  const { slowClients = "wait", highWater = DEFAULT_HIGH_WATER_BYTES } = options;
  const { lowWater = Math.floor(highWater / 2) } = options;
  const checks = new OptionChecks(created);
  return {
    slowClients: checks.oneOf("slowClients", slowClients, ["wait", "conflate", "drop", "close"]),
    highWater: checks.count("highWater", highWater, { least: 1, most: MOST_HIGH_WATER_BYTES }),
    lowWater: checks.count("lowWater", lowWater, { least: 0, most: highWater }),
  };
}
