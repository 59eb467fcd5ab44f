// The kernel's exports, one room a line.
export * from "./memory/arena";
