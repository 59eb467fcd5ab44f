import type { Kernel } from "../../kernel/kernel.ts";
import type { BlockDecoder, DecodedBlock } from "../block_decoder.ts";
import type { AvroMessagesSpec } from "../block_specs.ts";
import { openAvroMessages } from "./avro_message_block.ts";
import { AvroMessageDecoder } from "./avro_message_decoder.ts";

/** The decoder forgets writers beyond 1,000. */
const MOST_KNOWN = 500;

/** Decodes blocks of Avro messages, each of which brings along the schemas of its writers. */
export class AvroMessageBlockDecoder implements BlockDecoder {
  readonly #decoder: AvroMessageDecoder;
  /** Those that it was told of last: of most blocks they are the same. */
  readonly #known = new Map<number, string>();

  /** A decoder that knows no writer but that of the plain data. */
  constructor(spec: AvroMessagesSpec, kernel: Kernel) {
    this.#decoder = new AvroMessageDecoder(spec, kernel);
  }

  /** Decodes all messages from byte `from` on. */
  decode(block: Uint8Array, from = 0): DecodedBlock {
    const { writers, messages, at } = openAvroMessages(block, from);
    if (this.#known.size + writers.length > MOST_KNOWN) this.#known.clear();
    for (const [id, writer] of writers) {
      const text = JSON.stringify(writer);
      if (this.#known.get(id) === text) continue;
      this.#known.set(id, text);
      this.#decoder.know(id, writer);
    }
    const { batch, bad: found } = this.#decoder.decode(messages);
    const records = messages.lengths.length;
    const bad = found.map((each) => ({
      ...each,
      start: at + each.start,
      end: at + each.end,
      ...(each.at !== undefined && { at: at + each.at }),
    }));
    return { batch, bad, records, lines: 0, skippedLines: 0, end: block.length };
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
  }
}
