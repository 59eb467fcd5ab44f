import { StreamingError } from "../../hive/streaming_error.ts";

const DATA_START = "data: ".length;

/** An event, as it was sent. */
export interface ServerSentEvent {
  /** Its type; `"message"` when it has none. */
  readonly event: string;
  /** Its lines of data, with line ends between. */
  readonly data: string;
  /** The id that is the last by then; empty: none. */
  readonly id: string;
}

/**
 * Takes a stream of server-sent events apart, whatever the pieces are in which its bytes come (WHATWG,
 * HTML, section 9.2.6). What follows the last empty line is no event.
 */
export class EventStreamParser {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder(); // which leaves out a mark at the start, as it has to be
  /** A line that has not ended. */
  #line = "";
  /** Whether a line has ended with a carriage return, to which a line feed may belong. */
  #wasReturn = false;
  #type = "";
  #data: string[] = [];
  #size = 0;
  #id: string;
  #lastId: string;
  #retryMs: number | undefined;

  /** A parser of events up to a size; with the last id of the connection before. */
  constructor({ maxEventBytes, lastId = "" }: { maxEventBytes: number; lastId?: string }) {
    this.#maxBytes = maxEventBytes;
    this.#id = this.#lastId = lastId;
  }

  /** The id of the last event; empty: none. */
  get lastId(): string {
    return this.#lastId;
  }

  /** How long is to be waited before the next connection, where that was said, ms. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /**
   * The events that end in these bytes.
   *
   * @throws {StreamingError} when one is larger than it may be.
   */
  push(bytes: Uint8Array): ServerSentEvent[] {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return [];
    const events: ServerSentEvent[] = [];
    const from = this.#wasReturn && text[0] === "\n" ? 1 : 0;
    this.#wasReturn = text.endsWith("\r");
    const lines = text.slice(from).split(text.includes("\r") ? /\r\n|\r|\n/ : "\n");
    lines[0] = this.#line + lines[0];
    this.#line = lines.pop()!;
    for (const line of lines) {
      const event = line === "" ? this.#dispatch() : this.#field(line);
      if (event) events.push(event);
    }
    this.#check(this.#size + this.#line.length);
    return events;
  }

  #field(line: string): undefined {
    if (line.startsWith("data: ")) return this.#add(line.slice(DATA_START)); // what most lines are
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const name = colon < 0 ? line : line.slice(0, colon);
    const start = colon < 0 ? line.length : line[colon + 1] === " " ? colon + 2 : colon + 1;
    const value = line.slice(start);
    if (name === "data") this.#add(value);
    else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.#retryMs = Number(value);
  }

  #add(value: string): undefined {
    this.#data.push(value);
    this.#check(this.#size += value.length + 1);
  }

  #dispatch(): ServerSentEvent | undefined {
    this.#lastId = this.#id;
    const data = this.#data;
    const type = this.#type;
    if (data.length > 0) this.#data = [];
    this.#type = "";
    this.#size = 0;
    if (data.length === 0) return undefined;
    const text = data.length === 1 ? data[0] : data.join("\n");
    return { event: type || "message", data: text, id: this.#id };
  }

  /** A character is at least one byte. */
  #check(size: number): void {
    if (size <= this.#maxBytes) return;
    throw new StreamingError(
      `an event is larger than maxEventBytes (${this.#maxBytes} bytes); raise it, or have the other ` +
        `side send smaller ones`,
    );
  }
}
