import { showName, visible } from "../../batch/shown_names.ts";
import type { WebAddress } from "../../runtime/web_address.ts";
import { StreamingError, type StreamingErrorOptions } from "../../hive/streaming_error.ts";
import { isRetriableStatus } from "../http/http_error.ts";

/** How a connection came to its end. */
export interface ConnectionEnd {
  /** The code of its close (RFC 6455, 7.4); 1006 when there was none. */
  readonly code: number;
  /** What the other side gave as reason. */
  readonly reason: string;
  /** What went wrong, as the socket tells it. */
  readonly message?: string;
}

/** Options of a {@linkcode WebSocketError}. */
export interface WebSocketErrorOptions extends StreamingErrorOptions {
  /** The code with which the other side has closed the connection. */
  closeCode?: number;
}

/** A WebSocket could not be opened, was lost, or its other side refused something. */
export class WebSocketError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "WebSocketError";
  /** The code with which the other side has closed the connection, if it has. */
  readonly closeCode?: number;

  /** With a message that says what could not be done, why, and what to do. */
  constructor(message: string, options: WebSocketErrorOptions = {}) {
    super(message, options);
    if (options.closeCode !== undefined) this.closeCode = options.closeCode;
  }
}

/** What codes mean (RFC 6455, 7.4.1; from 3000 on IANA's registry), and whether it may change. */
const CODES: Readonly<Record<number, readonly [meaning: string, isFinal: boolean]>> = {
  1000: ["it is done", false],
  1001: ["it goes away", false],
  1002: ["protocol error", true],
  1003: ["it does not take data of this kind", true],
  1005: ["without a code", false],
  1007: ["the data do not fit the kind of message", true],
  1008: ["its policy does not allow it", true],
  1009: ["the message is too big for it", true],
  1010: ["it lacks an extension", true],
  1011: ["it has failed", false],
  1012: ["it restarts", false],
  1013: ["it has too much to do", false],
  1014: ["a gateway got no answer", false],
  1015: ["TLS failed", true],
  3000: ["not authorized", true],
  3003: ["forbidden", true],
};
/** Instead of a code: the connection was lost without a close (RFC 6455, 7.1.5). */
export const NO_CLOSE = 1006;
const TOO_BIG = 1009;

/** Whether the other side ended in the way that says that all is well. */
export function isCleanEnd({ code }: ConnectionEnd): boolean {
  return code === 1000 || code === 1001 || code === 1005;
}

/** The error that tells of a connection that ended before its time. */
export function endError(address: WebAddress, end: ConnectionEnd): WebSocketError {
  const { code, reason, message } = end;
  const { name } = address;
  if (code === NO_CLOSE) {
    const why = message ? `: ${visible(address.hush(message))}` : "";
    return new WebSocketError(
      `The connection to ${name} was lost without a close${why}; look whether the other side, and ` +
        "what is between, still runs",
      { retriable: true },
    );
  }
  const [meaning, isFinal] = CODES[code] ?? ["a code of its own", false];
  const said = reason === "" ? "" : `, saying ${showName(address.hush(reason))}`;
  const fix = code === TOO_BIG ? "; send smaller batches, or raise what it takes" : "";
  return new WebSocketError(
    `${name} has closed the connection with the code ${code} (${meaning})${said}${fix}`,
    { retriable: !isFinal, closeCode: code },
  );
}

/** Misdirected Request: another connection may lead elsewhere (RFC 9110, 15.5.20). */
const MISDIRECTED = 421;

function isFinalFailure(message: string): boolean {
  const status = Number(/invalid status code: (\d{3})/i.exec(message)?.[1] ?? 0);
  if (status > 0) return status !== MISDIRECTED && !isRetriableStatus(status);
  // of TLS: certificates that are not trusted, or a server that does not speak it
  return /certificate|corrupt message|handshake|alert|UnknownIssuer|NotValidFor/i.test(message);
}

/** What to do about a connection that could not be opened. */
function remedyOf(message: string): string {
  if (/status code: (401|403)/i.test(message)) {
    return "pass what it asks for in headers, such as { Authorization: … }";
  }
  if (/status code/i.test(message)) return "look whether the path is that of a WebSocket";
  if (/corrupt message/i.test(message)) return "where the server does not speak TLS, use ws://";
  if (/certificate/i.test(message)) return "give the server a certificate that is trusted here";
  return "look whether host and port are right and the server runs";
}

/** The error that tells of a connection that could not be opened. */
export function openError(address: WebAddress, message: string): WebSocketError {
  const reason = address.hush(message).replace(
    /^(?:\w*Error: )?(?:failed to connect to WebSocket: )?/,
    "",
  );
  return new WebSocketError(
    `Cannot connect to ${address.name}: ${visible(reason)}; ${remedyOf(message)}`,
    { retriable: !isFinalFailure(message) },
  );
}
