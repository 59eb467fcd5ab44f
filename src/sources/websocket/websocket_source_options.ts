import type { TypedSchema } from "../../batch/schema.ts";
import { MAX_RECORD_BYTES } from "../../codecs/limits.ts";
import { checkPositive, checkWord } from "../../codecs/option_checks.ts";
import {
  checkBoolean,
  knownOptions,
  type OptionRule,
  received,
} from "../../runtime/known_options.ts";
import type { RetryPolicy } from "../../stream/retry_policy.ts";
import type { BadInputPolicy } from "../../stream/source.ts";
import type { MessageSourceFormat } from "../messages/message_decoder.ts";
import type { WireMessage } from "../websocket_wire.ts";
import type { LinkOptions } from "./link.ts";
import { LINK_OPTIONS, linkOptions, type WebSocketLinkOptions } from "./link_options.ts";

/** What becomes of messages that come while as many wait as may. */
export type FullInboxPolicy = "error" | "drop" | "reconnect";

/** What is sent when a connection is open: a text, bytes, or an object that is sent as JSON. */
export type Subscription = string | Uint8Array<ArrayBuffer> | Readonly<Record<string, unknown>>;

/** Options of {@linkcode WebSocketSource}. */
export interface WebSocketSourceOptions<Row = Record<string, unknown>>
  extends WebSocketLinkOptions {
  /**
   * What messages are: `"json"`, an array of objects or one object; `"avro"`, an Avro file;
   * `"msgpack"`, which needs `import "@waggle/stream/msgpack"`, an array of maps. Default `"json"`.
   */
  format?: MessageSourceFormat;
  /**
   * The columns. Default: inferred from the first message that has records; its whole numbers are
   * taken for `f64`. Where a column that the pipeline asks for is null in JSON, more are waited for.
   */
  schema?: TypedSchema<Row>;
  /**
   * What a key means that is no column: an error, or nothing. Default: nothing where columns were
   * inferred and the pipeline does not ask for all, else an error.
   */
  extraKeys?: "error" | "ignore";
  /** What is sent as soon as a connection is open, the first one and all others. Default: nothing. */
  subscribe?: Subscription | readonly Subscription[];
  /**
   * Whether the other side numbers its messages, as a `WebSocketPublisher` with the same option does,
   * and is told when the pipeline has taken one. Default false.
   */
  acknowledge?: boolean;
  /**
   * Whether a connection that was lost is made anew, and how; what was sent meanwhile is lost, unless
   * the other side sends again what was not acknowledged. Default false.
   */
  reconnect?: boolean | RetryPolicy;
  /** Bytes of messages that wait for the pipeline, at most. Default 16 MiB. */
  maxWaitingBytes?: number;
  /**
   * What becomes of messages that come when so many wait: WebSockets cannot be told to wait.
   * `"error"`: the source fails. `"drop"`: the message is left out, and counted as one record that was
   * skipped. `"reconnect"`: the connection is closed until all that waits was read, which needs
   * `reconnect`. Default `"error"`.
   */
  onFull?: FullInboxPolicy;
  /** A larger message, in bytes or characters, is a bad record. Default 16 MiB. */
  maxMessageBytes?: number;
  /** A larger record is a bad one. Default 1 MiB. */
  maxRecordBytes?: number;
  /** What becomes of records that cannot be decoded. Default: what the pipeline's `badRecords` says. */
  badRecords?: Exclude<BadInputPolicy, "deadLetter">;
}

const OPTIONS: OptionRule<WebSocketSourceOptions<never>> = {
  doing: "create WebSocketSource",
  names: {
    ...LINK_OPTIONS,
    format: true,
    schema: true,
    extraKeys: true,
    subscribe: true,
    acknowledge: true,
    maxWaitingBytes: true,
    onFull: true,
    maxMessageBytes: true,
    maxRecordBytes: true,
    badRecords: true,
  },
  example: '{ format: "json" }',
};
const MAX_BYTES = 16_777_216;

/** What a source goes by. */
export interface WebSocketSourceSettings {
  readonly link: LinkOptions;
  readonly format: MessageSourceFormat;
  readonly extraKeys: "error" | "ignore" | undefined;
  readonly subscriptions: readonly WireMessage[];
  readonly acknowledge: boolean;
  readonly maxWaitingBytes: number;
  readonly onFull: FullInboxPolicy;
  readonly maxMessageBytes: number;
  readonly maxRecordBytes: number;
  readonly badRecords: BadInputPolicy | undefined;
  /** Whether it was given a runtime of its own. */
  readonly hasRuntime: boolean;
}

function subscriptionOf(given: unknown): WireMessage {
  if (typeof given === "string") return given;
  if (given instanceof Uint8Array) return given as Uint8Array<ArrayBuffer>;
  if (typeof given === "object" && given !== null) return JSON.stringify(given);
  throw new TypeError(
    `Cannot ${OPTIONS.doing}: subscribe takes texts, bytes and objects, received ${
      received(given)
    }`,
  );
}

/**
 * What a source goes by, checked.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function webSocketSourceSettings(
  uri: string | URL,
  given: WebSocketSourceOptions<never>,
): WebSocketSourceSettings {
  const options = knownOptions(given, OPTIONS);
  const { doing } = OPTIONS;
  const { subscribe = [], reconnect = false, acknowledge = false, onFull = "error" } = options;
  const { format = "json", extraKeys, badRecords } = options;
  checkWord("format", format, ["json", "avro", "msgpack"], doing);
  checkWord("onFull", onFull, ["error", "drop", "reconnect"], doing);
  if (extraKeys !== undefined) checkWord("extraKeys", extraKeys, ["error", "ignore"], doing);
  if (badRecords !== undefined) checkWord("badRecords", badRecords, ["fail", "skip"], doing);
  checkBoolean("acknowledge", acknowledge, doing);
  if (onFull === "reconnect" && reconnect === false) {
    throw new TypeError(
      `Cannot ${doing}: onFull: "reconnect" makes another connection; pass reconnect: true with it`,
    );
  }
  const positive = (name: keyof WebSocketSourceOptions, otherwise: number) =>
    checkPositive(name, (options[name] as number | undefined) ?? otherwise, doing);
  return {
    ...{ format, extraKeys, acknowledge, onFull, badRecords },
    link: linkOptions(uri, { ...options, reconnect }, doing),
    subscriptions: (Array.isArray(subscribe) ? subscribe : [subscribe]).map(subscriptionOf),
    maxWaitingBytes: positive("maxWaitingBytes", MAX_BYTES),
    maxMessageBytes: positive("maxMessageBytes", MAX_BYTES),
    maxRecordBytes: positive("maxRecordBytes", MAX_RECORD_BYTES),
    hasRuntime: options.runtime !== undefined,
  };
}
