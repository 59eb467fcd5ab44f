import { checkPositive } from "../../codecs/option_checks.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import { denoNetwork, type Network } from "../../runtime/network.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { WebAddress } from "../../runtime/web_address.ts";
import { checkRetryPolicy, RetryPolicy } from "../../stream/retry_policy.ts";

/** Options of {@linkcode SchemaRegistry}. */
export interface SchemaRegistryOptions {
  /**
   * Where it is, with its path if it has one: `"http://localhost:8081"`. Several, in an array or apart
   * by commas, are one registry at several addresses, which are tried in turn. A name and password
   * may stand in it.
   */
  url: string | URL | readonly (string | URL)[];
  /** Who asks; goes with `password`. */
  username?: string;
  /** Never shown: it stands in no message. */
  password?: string;
  /** In the place of a name and password: a token, sent as `Authorization: Bearer`. Never shown. */
  token?: string;
  /** How long an answer may take. Default `"10s"`. */
  requestTimeout?: Duration;
  /** How often a failure that may pass is tried again. Default: three times, as `RetryPolicy` does. */
  retryPolicy?: RetryPolicy;
  /** Schemas that are kept, so that they need not be asked for again. Default 1,000. */
  cacheSize?: number;
  /** The net. Default: that of the process. */
  network?: Network;
  /** The world: clocks and timers. Default: that of the process. */
  runtime?: Runtime;
}

const DOING = "create SchemaRegistry";
const OPTIONS: OptionRule<SchemaRegistryOptions> = {
  doing: DOING,
  names: {
    url: true,
    username: true,
    password: true,
    token: true,
    requestTimeout: true,
    retryPolicy: true,
    cacheSize: true,
    network: true,
    runtime: true,
  },
  example: '{ url: "http://localhost:8081" }',
};
const DEFAULT_CACHE = 1000;

/** {@linkcode SchemaRegistryOptions} with all that is not given. */
export interface RegistrySettings {
  readonly addresses: readonly WebAddress[];
  readonly timeoutMs: number;
  readonly retryPolicy: RetryPolicy;
  readonly cacheSize: number;
  readonly network: Network;
  readonly runtime: Runtime;
}

/**
 * Checks the options of a {@linkcode SchemaRegistry}.
 *
 * @throws {TypeError | RangeError} when one is none that it can be.
 */
export function registrySettings(given: SchemaRegistryOptions): RegistrySettings {
  const options = knownOptions(given, OPTIONS);
  const { requestTimeout = "10s", retryPolicy = new RetryPolicy() } = options;
  const { cacheSize = DEFAULT_CACHE, network = denoNetwork, runtime = denoRuntime } = options;
  return {
    addresses: addressesOf(options),
    timeoutMs: milliseconds(requestTimeout, "requestTimeout", { least: 1 }),
    retryPolicy: checkRetryPolicy(retryPolicy, DOING),
    cacheSize: checkPositive("cacheSize", cacheSize, DOING),
    network,
    runtime,
  };
}

function addressesOf(options: SchemaRegistryOptions): WebAddress[] {
  const { url } = options;
  const urls = (Array.isArray(url) ? url : [url]).flatMap((each) =>
    typeof each === "string" && each.includes(",") ? each.split(",").map((one) => one.trim()) : each
  );
  if (urls.length === 0) {
    throw new TypeError(`Cannot ${DOING}: url must be an address, or several, received none`);
  }
  const { username, password, token } = checkCredentials(options);
  const headers: Record<string, string> = {};
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  return urls.map((each) => {
    const { url } = new WebAddress(each, { doing: DOING }); // which says what is wrong with it
    if (url.search !== "") {
      throw new TypeError(`Cannot ${DOING}: url must be without a query: schemas are behind it`);
    }
    const whole = new URL(each);
    if (username !== undefined) whole.username = encodeURIComponent(username);
    if (password !== undefined) whole.password = encodeURIComponent(password);
    return new WebAddress(whole, { doing: DOING, headers });
  });
}

function checkCredentials({ username, password, token }: SchemaRegistryOptions) {
  for (const [name, value] of Object.entries({ username, password, token })) {
    if (value === undefined || typeof value === "string" && value !== "") continue;
    const what = typeof value === "string" ? "an empty one" : received(value);
    throw new TypeError(`Cannot ${DOING}: ${name} must be a text, received ${what}`);
  }
  if ((username === undefined) !== (password === undefined)) {
    throw new TypeError(
      `Cannot ${DOING}: username and password go together; pass both, or neither`,
    );
  }
  if (token !== undefined && username !== undefined) {
    throw new TypeError(`Cannot ${DOING}: pass a username and password, or a token, and not both`);
  }
  return { username, password, token };
}
