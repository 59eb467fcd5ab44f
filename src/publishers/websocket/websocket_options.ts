import { type Duration, milliseconds } from "../../runtime/duration.ts";
import {
  checkBoolean,
  knownOptions,
  type OptionRule,
  received,
} from "../../runtime/known_options.ts";
import { checkPositive, checkWord } from "../../codecs/option_checks.ts";
import type { LinkOptions } from "../../sources/websocket/link.ts";
import {
  LINK_OPTIONS,
  linkOptions,
  type WebSocketLinkOptions,
} from "../../sources/websocket/link_options.ts";
import {
  type MessageEncoder,
  messageEncoder,
  type MessageFormatOptions,
} from "../message_format.ts";

/** What a batch is as a WebSocket message. */
export type WebSocketFormat = "json" | "avro" | "msgpack";

/** Options of {@linkcode WebSocketPublisher}. */
export interface WebSocketPublisherOptions extends WebSocketLinkOptions, MessageFormatOptions {
  /** Where to: `"ws://localhost:8765"`. A user and password in it become a header. */
  uri: string | URL;
  /**
   * What each batch is sent as: `"json"`, a text message with an array of objects; `"avro"`, a binary
   * message with an Avro file; `"msgpack"`, a binary message with an array of maps, which needs
   * `import "@waggle/stream/msgpack"`. Default `"json"`.
   */
  format?: WebSocketFormat;
  /**
   * Whether the other side acknowledges: each message is then `{"id":17,"records":[…]}` (binary ones
   * have 8 bytes in front, most significant first), and the other side answers `{"ack":17}` when it
   * has taken all up to that. Default false.
   */
  acknowledge?: boolean;
  /**
   * `publish()` waits while so many batches are not acknowledged; with 1 it resolves when its own
   * batch is. Default 64.
   */
  window?: number;
  /** Bytes that wait to be sent, beyond which `publish()` waits. Default 1 MiB. */
  highWater?: number;
  /** Bytes that wait, up to which it waits then. Default a quarter of `highWater`. */
  lowWater?: number;
  /**
   * How long the other side may take nothing, or acknowledge nothing, while something waits for that;
   * then the connection is given up, and made anew as one that was lost. Default `"30s"`.
   */
  stallTimeout?: Duration;
}

const OPTIONS: OptionRule<WebSocketPublisherOptions> = {
  doing: "create WebSocketPublisher",
  names: {
    ...LINK_OPTIONS,
    uri: true,
    format: true,
    json: true,
    avro: true,
    acknowledge: true,
    window: true,
    highWater: true,
    lowWater: true,
    stallTimeout: true,
  },
  example: '{ uri: "ws://localhost:8765" }',
};
const HIGH_WATER_BYTES = 1_048_576;
const WINDOW = 64;

/** What a publisher goes by. */
export interface WebSocketSettings {
  readonly link: LinkOptions;
  readonly encoder: MessageEncoder;
  readonly acknowledge: boolean;
  readonly window: number;
  readonly highWater: number;
  readonly lowWater: number;
  readonly stallTimeoutMs: number;
}

function lowWaterOf(given: number | undefined, highWater: number): number {
  const lowWater = given ?? Math.floor(highWater / 4);
  if (Number.isSafeInteger(lowWater) && lowWater >= 0 && lowWater < highWater) return lowWater;
  throw new RangeError(
    `Cannot ${OPTIONS.doing}: lowWater must be a whole number from 0, below highWater ` +
      `(${highWater}), received ${received(given)}`,
  );
}

/**
 * What a publisher goes by, checked.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function webSocketSettings(given: WebSocketPublisherOptions): WebSocketSettings {
  const options = knownOptions(given, OPTIONS);
  const { doing } = OPTIONS;
  const { uri, format = "json", acknowledge = false, json, avro, stallTimeout = "30s" } = options;
  checkBoolean("acknowledge", acknowledge, doing);
  const highWater = checkPositive("highWater", options.highWater ?? HIGH_WATER_BYTES, doing);
  checkWord("format", format, ["json", "avro", "msgpack"], doing);
  return {
    link: linkOptions(uri, { ...options, reconnect: options.reconnect ?? true }, doing),
    acknowledge,
    window: checkPositive("window", options.window ?? WINDOW, doing),
    highWater,
    lowWater: lowWaterOf(options.lowWater, highWater),
    stallTimeoutMs: milliseconds(stallTimeout, "stallTimeout", { least: 1 }),
    encoder: messageEncoder(format, { ...(json && { json }), ...(avro && { avro }) }),
  };
}
