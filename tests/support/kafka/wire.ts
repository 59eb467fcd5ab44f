/**
 * The few requests that tests send by themselves, apart from every driver: see "Kafka protocol
 * guide" for their formats.
 *
 * @module
 */

const METADATA = 3;
const CREATE_TOPICS = 19;
const NO_ERROR = 0;

/** Writes a request: numbers big-endian, texts with their length before them. */
class RequestWriter {
  readonly #bytes: number[] = [];

  int(value: number, bytes: 1 | 2 | 4): this {
    for (let shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      this.#bytes.push(value >> shift & 0xff);
    }
    return this;
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    this.int(bytes.length, 2).#bytes.push(...bytes);
    return this;
  }

  framed(): Uint8Array {
    return Uint8Array.from([
      ...new RequestWriter().int(this.#bytes.length, 4).#bytes,
      ...this.#bytes,
    ]);
  }
}

function request(api: number, version: number): RequestWriter {
  const correlation = 1;
  return new RequestWriter().int(api, 2).int(version, 2).int(correlation, 4).text("waggle-tests");
}

async function readExactly(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const read = await connection.read(bytes.subarray(at));
    if (read === null) throw new Deno.errors.UnexpectedEof("The broker has closed the connection");
    at += read;
  }
}

/** Sends a request; gives the answer behind its header. */
async function ask(port: number, request: RequestWriter): Promise<DataView> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const bytes = request.framed();
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  const size = new Uint8Array(4);
  await readExactly(connection, size);
  const answer = new Uint8Array(new DataView(size.buffer).getInt32(0));
  await readExactly(connection, answer);
  return new DataView(answer.buffer, 4);
}

/** Reads an answer from its start. */
class AnswerReader {
  readonly #view: DataView;
  #at = 0;

  constructor(view: DataView) {
    this.#view = view;
  }

  int(bytes: 1 | 2 | 4): number {
    const at = this.#at;
    this.#at += bytes;
    if (bytes === 1) return this.#view.getInt8(at);
    return bytes === 2 ? this.#view.getInt16(at) : this.#view.getInt32(at);
  }

  passText(): void {
    const length = this.int(2);
    this.#at += Math.max(0, length);
  }

  /** Passes over as many of something as there are. */
  each(pass: () => void): void {
    for (let left = this.int(4); left > 0; left--) pass();
  }
}

/** Whether all partitions of a topic are led by somebody. */
async function isLed(port: number, topic: string): Promise<boolean> {
  const answer = new AnswerReader(await ask(port, request(METADATA, 1).int(1, 4).text(topic)));
  answer.each(() => {
    answer.int(4);
    answer.passText();
    answer.int(4);
    answer.passText();
  });
  answer.int(4);
  let isLed = true;
  const judge = () => isLed = answer.int(2) === NO_ERROR && isLed;
  answer.each(() => {
    judge();
    answer.passText();
    answer.int(1);
    answer.each(() => {
      judge();
      for (let passed = 0; passed < 2; passed++) answer.int(4);
      for (let passed = 0; passed < 2; passed++) answer.each(() => answer.int(4));
    });
  });
  return isLed;
}

/** Whether a broker at a port says that it is part of its cluster. */
export async function answersMetadata(port: number): Promise<boolean> {
  try {
    const noTopics = request(METADATA, 1).int(0, 4);
    const brokers = (await ask(port, noTopics)).getInt32(0);
    return brokers > 0;
  } catch (error) {
    const isAbsent = error instanceof Deno.errors.ConnectionRefused ||
      error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.UnexpectedEof;
    if (isAbsent) return false;
    throw error;
  }
}

/** Options of {@linkcode createTopic}. */
export interface TopicOptions {
  /** How many partitions. Default: 1. */
  readonly partitions?: number;
  /** Settings of the topic. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Makes a topic, and waits until it is led. @throws when the broker refuses. */
export async function createTopic(
  bootstrap: string,
  topic: string,
  { partitions = 1, config = {} }: TopicOptions = {},
): Promise<void> {
  const settings = Object.entries(config);
  const writer = request(CREATE_TOPICS, 2).int(1, 4).text(topic).int(partitions, 4).int(1, 2)
    .int(0, 4).int(settings.length, 4);
  for (const [name, value] of settings) writer.text(name).text(value);
  writer.int(10_000, 4).int(0, 1);
  const port = Number(bootstrap.split(":").at(-1));
  const answer = await ask(port, writer);
  // Throttling, how many topics, the name of the only one.
  const code = answer.getInt16(4 + 4 + 2 + answer.getInt16(8));
  if (code !== NO_ERROR) throw new Error(`Cannot create topic ${topic}: error ${code}`);
  while (!await isLed(port, topic)) await new Promise((resolve) => setTimeout(resolve, 5));
}
