import { showName } from "../../batch/shown_names.ts";
import { spellDuration } from "../../runtime/duration.ts";
import type { WebAddress } from "../../runtime/web_address.ts";
import { type ConnectionEnd, endError, WebSocketError } from "../../sources/websocket/errors.ts";
import type { Outbox } from "./outbox.ts";

/** What a publisher was doing when nothing happened any more. */
export interface Stalled {
  readonly outbox: Outbox;
  /** For how long nothing has happened. */
  readonly timeoutMs: number;
  /** Whether acknowledgements are waited for. */
  readonly acknowledge: boolean;
}

/** The other side does nothing, though something waits for it. */
export function stallError(address: WebAddress, stalled: Stalled): WebSocketError {
  const { outbox, timeoutMs, acknowledge } = stalled;
  const what = acknowledge ? "acknowledged" : "taken";
  const fix = acknowledge
    ? 'look whether it answers {"ack":id}, or leave acknowledge out'
    : "look whether it still reads, or raise stallTimeout";
  return new WebSocketError(
    `${address.name} has ${what} nothing for ${
      spellDuration(timeoutMs)
    }, while ${outbox} waits; ${fix}`,
    { retriable: true },
  );
}

/** Something was published behind the end. */
export function closedError({ name }: WebAddress): WebSocketError {
  return new WebSocketError(
    `Cannot publish to ${name}: the publisher was closed; make a new one`,
  );
}

/** The other side has answered with an error. */
export function answeredError(address: WebAddress, said: string): WebSocketError {
  return new WebSocketError(
    `${address.name} has answered with an error: ${showName(address.hush(said))}`,
  );
}

/** The other side has acknowledged what was not sent. */
export function acknowledgedError({ name }: WebAddress, id: number, sent: number): WebSocketError {
  return new WebSocketError(`${name} has acknowledged message ${id}, but ${sent} were sent`);
}

/** The other side has not closed as one does that has read everything. */
export function closingError(
  address: WebAddress,
  end: ConnectionEnd | undefined,
  timeoutMs: number,
): WebSocketError {
  const why = end
    ? endError(address, end).message
    : `it has not answered the close within closeTimeout (${spellDuration(timeoutMs)})`;
  return new WebSocketError(
    `Cannot close the connection to ${address.name} as it should be: ${why}; what was sent last ` +
      "may not have been read, which acknowledge: true would tell",
  );
}
