import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { received } from "../../runtime/known_options.ts";
import { denoNetwork, type Network } from "../../runtime/network.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { RetryPolicy } from "../../stream/retry_policy.ts";
import { webSocketAddress, type WebSocketAddressOptions } from "./address.ts";
import type { LinkOptions } from "./link.ts";

/** Options about the connection of a WebSocket client. */
export interface WebSocketLinkOptions extends WebSocketAddressOptions {
  /**
   * How a connection that was lost is made anew: as the policy says, or not at all. Its count of
   * retries begins again when something has gone through.
   */
  reconnect?: boolean | RetryPolicy;
  /** How long it may go without anything that goes through, once it was lost. Default `"1m"`. */
  reconnectTimeout?: Duration;
  /** Within which a connection must be open. Default `"10s"`. */
  connectTimeout?: Duration;
  /** How long the end waits for the other side, which answers its close. Default `"5s"`. */
  closeTimeout?: Duration;
  /** The net. Default: that of the process. */
  network?: Network;
  /** The world: clocks and timers. Default: that of the process. */
  runtime?: Runtime;
}

/** The names of these options. */
export const LINK_OPTIONS: Readonly<Record<keyof WebSocketLinkOptions, true>> = {
  headers: true,
  protocols: true,
  reconnect: true,
  reconnectTimeout: true,
  connectTimeout: true,
  closeTimeout: true,
  network: true,
  runtime: true,
};

const MAX_RETRIES = 10;

function policyOf(given: boolean | RetryPolicy, doing: string): RetryPolicy {
  if (given instanceof RetryPolicy) return given;
  if (given === true) return new RetryPolicy({ maxRetries: MAX_RETRIES, maxBackoff: "10s" });
  if (given === false) return new RetryPolicy({ maxRetries: 0 });
  throw new TypeError(
    `Cannot ${doing}: reconnect must be true, false or a RetryPolicy, received ${received(given)}`,
  );
}

/**
 * How a link is kept up, checked.
 *
 * @param doing What cannot be done without, for the message.
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function linkOptions(
  uri: string | URL,
  options: WebSocketLinkOptions & { readonly reconnect: boolean | RetryPolicy },
  doing: string,
): LinkOptions {
  const {
    reconnect,
    reconnectTimeout = "1m",
    connectTimeout = "10s",
    closeTimeout = "5s",
    network = denoNetwork,
    runtime = denoRuntime,
  } = options;
  return {
    address: webSocketAddress(uri, options, doing),
    network,
    runtime,
    reconnect: policyOf(reconnect, doing),
    reconnectTimeoutMs: milliseconds(reconnectTimeout, "reconnectTimeout"),
    connectTimeoutMs: milliseconds(connectTimeout, "connectTimeout", { least: 1 }),
    closeTimeoutMs: milliseconds(closeTimeout, "closeTimeout"),
  };
}
