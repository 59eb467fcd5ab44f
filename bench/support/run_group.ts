/**
 * Runs the group of one bench file and writes its rows as JSON.
 *
 * Usage: `run_group.ts <bench file URL> <output file> [filter]`. Every group has a process of its
 * own, so that no bench inherits another's heap, compiled code or workers.
 *
 * @module
 */
import type { BenchGroup } from "./bench.ts";

const [file, output, filter = ""] = Deno.args;
const { group } = await import(file) as { group: BenchGroup };
// The file's name alone: a folder above it may be called anything.
const wanted = file.split("/").at(-1)!.includes(filter) || group.name.includes(filter);
await Deno.writeTextFile(output, JSON.stringify(wanted ? await group.rows() : []));
Deno.exit(0);
