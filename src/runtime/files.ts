/** A file that is read from its start, or from where one goes to. */
export interface OpenFile {
  /** Its size when it was opened; absent for what has none, such as a pipe. */
  readonly sizeBytes?: number;
  /** Which file it is, whatever its name becomes; absent where that cannot be told. */
  readonly identity?: string;
  /** Reads bytes into some memory; gives how many, `null` at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Goes to a byte, counted from 0, from which is read next; rejects where that cannot be. */
  seek(position: number): Promise<void>;
  /** Nothing more is wanted. */
  close(): void;
}

/** A file that is written from its end on. */
export interface NewFile {
  /** Its size when it was opened: 0, or what it had that is appended to. */
  readonly sizeBytes: number;
  /** Writes all of the bytes; rejects when that cannot be, some of them may be written then. */
  write(bytes: Uint8Array): Promise<void>;
  /** Cuts off what is behind a size. */
  truncate(sizeBytes: number): Promise<void>;
  /** Resolves when what was written outlives the machine. */
  sync(): Promise<void>;
  /** Nothing more is written. */
  close(): void;
}

/** What there is at a path: something else is a device, a pipe or a folder. */
export type FileKind = "nothing" | "file" | "folder" | "other";

/** What is known of a path without opening it. */
export interface FileStatus {
  /** What there is. */
  readonly kind: FileKind;
  /** Its size, of a file. */
  readonly sizeBytes?: number;
  /** Which file it is, whatever its name becomes; absent where that cannot be told. */
  readonly identity?: string;
}

/** Files and folders. */
export interface Files {
  /** Opens a file to be read from its start; rejects when it cannot be opened. */
  openFile(path: string | URL): Promise<OpenFile>;
  /** Writes a file, whole or not at all; rejects when it cannot be written. */
  writeFile(path: string | URL, bytes: Uint8Array): Promise<void>;
  /** What there is at a path; rejects when that cannot be known. */
  fileStatus(path: string | URL): Promise<FileStatus>;
  /** Names of what is in a folder, in no order; rejects when it cannot be looked into. */
  folderNames(path: string | URL): Promise<string[]>;
  /** Opens a file to be written: a new one that must not exist, or one that is appended to. */
  createFile(path: string, how: "new" | "append"): Promise<NewFile>;
  /** Gives a file another name, in one step, in the place of what has that name. */
  moveFile(from: string, to: string): Promise<void>;
  /** Removes a file. */
  removeFile(path: string): Promise<void>;
}
