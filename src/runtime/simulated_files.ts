import type { Files, FileStatus, NewFile, OpenFile } from "./files.ts";

/** What a name stands for; it may have lost its name, or be known by another. */
interface SimulatedFile {
  readonly identity: string;
  bytes: Uint8Array;
}

/** The folder that a path lies in. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Files in memory; folders are there as long as a file is in them. */
export class SimulatedFiles implements Files {
  readonly #files = new Map<string, SimulatedFile>();
  readonly #random: () => number;
  #made = 0;

  /** What can be read, by path; chance decides how much of it at a time. */
  constructor(files: ReadonlyMap<string, Uint8Array> | undefined, random: () => number) {
    this.#random = random;
    for (const [path, bytes] of files ?? []) this.#make(path, bytes);
  }

  #make(path: string, bytes: Uint8Array): SimulatedFile {
    const file = { identity: String(this.#made++), bytes };
    this.#files.set(path, file);
    return file;
  }

  #existing(path: string | URL): SimulatedFile {
    const file = this.#files.get(String(path));
    if (!file) throw new Error(`No such file in the simulation: ${path}`);
    return file;
  }

  /** Opens a file, which is read in pieces of random sizes. */
  // deno-lint-ignore require-await
  async openFile(path: string | URL): Promise<OpenFile> {
    const file = this.#existing(path);
    let at = 0;
    const read = (into: Uint8Array) => {
      if (at >= file.bytes.length) return Promise.resolve(null);
      const most = Math.min(into.length, file.bytes.length - at);
      const length = 1 + Math.floor(this.#random() * most);
      into.set(file.bytes.subarray(at, at += length));
      return Promise.resolve(length);
    };
    const seek = (position: number) => {
      at = position;
      return Promise.resolve();
    };
    const { identity, bytes: { length: sizeBytes } } = file;
    return { sizeBytes, identity, read, seek, close: () => {} };
  }

  writeFile(path: string | URL, bytes: Uint8Array): Promise<void> {
    this.#make(String(path), bytes.slice());
    return Promise.resolve();
  }

  fileStatus(path: string | URL): Promise<FileStatus> {
    const file = this.#files.get(String(path));
    if (file) {
      const { identity, bytes: { length: sizeBytes } } = file;
      return Promise.resolve({ kind: "file", sizeBytes, identity });
    }
    const isFolder = [...this.#files.keys()].some((name) => name.startsWith(`${path}/`));
    return Promise.resolve({ kind: isFolder ? "folder" : "nothing" });
  }

  folderNames(path: string | URL): Promise<string[]> {
    const names = [...this.#files.keys()].filter((name) => folderOf(name) === String(path));
    return Promise.resolve(names.map((name) => name.slice(name.lastIndexOf("/") + 1)));
  }

  // deno-lint-ignore require-await
  async createFile(path: string, how: "new" | "append"): Promise<NewFile> {
    const before = this.#files.get(path);
    if (how === "new" && before) throw new Error(`File exists in the simulation: ${path}`);
    const file = before ?? this.#make(path, new Uint8Array());
    return {
      sizeBytes: file.bytes.length,
      write: (more) => {
        const all = new Uint8Array(file.bytes.length + more.length);
        all.set(file.bytes);
        all.set(more, file.bytes.length);
        file.bytes = all;
        return Promise.resolve();
      },
      truncate: (sizeBytes) => {
        file.bytes = file.bytes.slice(0, sizeBytes);
        return Promise.resolve();
      },
      sync: () => Promise.resolve(),
      close: () => {},
    };
  }

  // deno-lint-ignore require-await
  async moveFile(from: string, to: string): Promise<void> {
    const file = this.#existing(from);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  removeFile(path: string): Promise<void> {
    this.#files.delete(path);
    return Promise.resolve();
  }
}
