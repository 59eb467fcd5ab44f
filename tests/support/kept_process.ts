import { main } from "../../src/cli/cli.ts";
import { ClosedPipeError, type Process } from "../../src/runtime/process.ts";

/** A process whose outputs are kept. */
export class KeptProcess implements Process {
  readonly isPlain = true;
  /** Variables of its environment. */
  readonly variables: Record<string, string> = {};
  out = "";
  err = "";
  /** Bytes after which nobody reads the output any more. */
  readsBytes = Infinity;
  interrupt = () => {};
  /** What is typed. */
  typed = "";
  readonly stdin = { isTerminal: false, chunks: () => this.#chunks() };
  readonly stdout = { isTerminal: false, columns: 80, write: (b: Uint8Array) => this.#write(b) };
  readonly stderr: Process["stderr"];
  readonly #decoder = new TextDecoder();

  constructor(isTerminal = false) {
    const write = (bytes: Uint8Array) => void (this.err += this.#decoder.decode(bytes));
    this.stderr = { isTerminal, columns: 80, write };
  }

  async *#chunks() {
    if (this.typed !== "") yield new TextEncoder().encode(this.typed);
  }

  #write(bytes: Uint8Array): void {
    if (this.out.length >= this.readsBytes) throw new ClosedPipeError("closed");
    this.out += this.#decoder.decode(bytes);
  }

  environment(name: string): string | undefined {
    return this.variables[name];
  }

  onInterrupt(callback: () => void): () => void {
    this.interrupt = callback;
    return () => {};
  }

  exit(): never {
    throw new Error("exited");
  }
}

/** Runs a command of `waggle` in this process. */
export async function waggle(args: readonly string[], process = new KeptProcess()) {
  const code = await main(args, { process });
  return { code, out: process.out, err: process.err };
}
