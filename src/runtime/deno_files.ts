import { filePath, partPath } from "./file_path.ts";
import type { Files, FileStatus, NewFile, OpenFile } from "./files.ts";

/** A device and a number on it are a file, as long as it exists; then the number is given anew. */
function identityOf({ dev, ino, birthtime }: Deno.FileInfo): { readonly identity?: string } {
  return ino === null ? {} : { identity: `${dev}:${ino}:${birthtime?.getTime() ?? ""}` };
}

/** The files of the machine. */
export class DenoFiles implements Files {
  async openFile(path: string | URL): Promise<OpenFile> {
    const file = await Deno.open(path, { read: true });
    const info = await file.stat();
    return {
      ...(info.isFile && { sizeBytes: info.size }),
      ...identityOf(info),
      read: (into) => file.read(into),
      seek: async (position) => void await file.seek(position, Deno.SeekMode.Start),
      close: () => file.close(),
    };
  }

  async writeFile(path: string | URL, bytes: Uint8Array): Promise<void> {
    const target = filePath(path);
    if (await this.#isDevice(target)) return await Deno.writeFile(target, bytes, { create: false });
    const part = partPath(target, Math.random());
    try {
      await Deno.writeFile(part, bytes);
      await Deno.rename(part, target);
    } catch (error) {
      await Deno.remove(part).catch(() => {});
      throw error;
    }
  }

  /** What is no file, such as a device or a pipe, is not to be replaced by one. */
  async #isDevice(path: string): Promise<boolean> {
    const { kind } = await this.fileStatus(path).catch(() => ({ kind: "nothing" }));
    return kind === "other";
  }

  async fileStatus(path: string | URL): Promise<FileStatus> {
    try {
      const info = await Deno.stat(path);
      const kind = info.isFile ? "file" : info.isDirectory ? "folder" : "other";
      return { kind, ...(info.isFile && { sizeBytes: info.size }), ...identityOf(info) };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return { kind: "nothing" };
      throw error;
    }
  }

  async folderNames(path: string | URL): Promise<string[]> {
    const names = [];
    for await (const { name } of Deno.readDir(path)) names.push(name);
    return names;
  }

  async createFile(path: string, how: "new" | "append"): Promise<NewFile> {
    const file = await Deno.open(
      path,
      how === "new" ? { write: true, createNew: true } : { append: true, create: true },
    );
    const { isFile, size } = await file.stat().catch(async (error) => {
      file.close(); // to be told what it is, it has to be one that may be read
      if (how === "new") await Deno.remove(path).catch(() => {});
      throw error;
    });
    return {
      sizeBytes: isFile ? size : 0,
      write: async (bytes) => {
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      },
      truncate: async (sizeBytes) => {
        await file.truncate(sizeBytes);
        if (how === "new") await file.seek(sizeBytes, Deno.SeekMode.Start);
      },
      sync: async () => {
        if (isFile) await file.syncData();
      },
      close: () => file.close(),
    };
  }

  moveFile(from: string, to: string): Promise<void> {
    return Deno.rename(from, to);
  }

  removeFile(path: string): Promise<void> {
    return Deno.remove(path);
  }
}
