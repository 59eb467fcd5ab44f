/** A stream of bytes that a process writes to. */
export interface ProcessOutput {
  /** Whether a person sees it at once. */
  readonly isTerminal: boolean;
  /** Characters in a line of the terminal; 80 where that is not known. */
  readonly columns: number;
  /**
   * Writes all of the bytes.
   *
   * @throws {ClosedPipeError} when nobody reads them any more.
   */
  write(bytes: Uint8Array): void;
}

/** A stream of bytes that a process reads. */
export interface ProcessInput {
  /** Whether a person types it. */
  readonly isTerminal: boolean;
  /** The bytes to the end, once; the input is closed when nothing more is wanted. */
  chunks(): AsyncIterableIterator<Uint8Array>;
}

/** The process that a command runs in. */
export interface Process {
  /** The standard input. */
  readonly stdin: ProcessInput;
  /** The standard output: data. */
  readonly stdout: ProcessOutput;
  /** The standard error: what is told. */
  readonly stderr: ProcessOutput;
  /** Whether colours are not wanted (`NO_COLOR`). */
  readonly isPlain: boolean;
  /** A variable of the environment, if it is set. */
  environment(name: string): string | undefined;
  /** Calls back at each Ctrl-C, and when the process is asked to end; returns how to hear no more. */
  onInterrupt(callback: () => void): () => void;
  /** Ends it at once. */
  exit(code: number): never;
}

/** Whoever read the output has gone: no error for a command whose output is piped to `head`. */
export class ClosedPipeError extends Error {
  override readonly name: string = "ClosedPipeError";
}

const DEFAULT_COLUMNS = 80;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

class DenoOutput implements ProcessOutput {
  readonly #stream: typeof Deno.stdout;
  readonly #name: string;

  constructor(stream: typeof Deno.stdout, name: string) {
    this.#stream = stream;
    this.#name = name;
  }

  get isTerminal(): boolean {
    return this.#stream.isTerminal();
  }

  get columns(): number {
    try {
      return Deno.consoleSize().columns || DEFAULT_COLUMNS; // 0: a terminal that tells no size
    } catch {
      return DEFAULT_COLUMNS; // it is no terminal
    }
  }

  write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;) at += this.#stream.writeSync(bytes.subarray(at));
    } catch (cause) {
      if (cause instanceof Deno.errors.BrokenPipe) {
        throw new ClosedPipeError("nobody reads the output any more", { cause });
      }
      throw new Error(`Cannot write to ${this.#name}: ${(cause as Error).message}`, { cause });
    }
  }
}

class DenoInput implements ProcessInput {
  get isTerminal(): boolean {
    return Deno.stdin.isTerminal();
  }

  chunks(): AsyncIterableIterator<Uint8Array> {
    const reader = Deno.stdin.readable.getReader();
    return {
      next: async () => await reader.read() as IteratorResult<Uint8Array>,
      // which ends a read that waits, as return() of the stream's own iterator does not
      return: async () => {
        await reader.cancel();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}

class DenoProcess implements Process {
  readonly stdin: ProcessInput = new DenoInput();
  readonly stdout: ProcessOutput = new DenoOutput(Deno.stdout, "the standard output");
  readonly stderr: ProcessOutput = new DenoOutput(Deno.stderr, "the standard error");

  get isPlain(): boolean {
    return Deno.noColor;
  }

  environment(name: string): string | undefined {
    return Deno.env.get(name);
  }

  onInterrupt(callback: () => void): () => void {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, callback);
    // where it is heard, a file beyond the limit of the process is an error of writing, and no end
    if (Deno.build.os === "linux") Deno.addSignalListener("SIGXFSZ", () => {});
    return () => {
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, callback);
    };
  }

  exit(code: number): never {
    Deno.exit(code);
  }
}

/** The process that this runs in. */
export const denoProcess: Process = new DenoProcess();

/** What a command was called with. */
export function processArguments(): string[] {
  return [...Deno.args];
}
