import { setOwn } from "./misfit.ts";

/** A row: a plain object. */
export type PlainRow = Record<string, unknown>;

/** Properties that there is room for in a {@linkcode FewRow}. */
export const FEW = 8;
/** Properties that there is room for in a {@linkcode ManyRow}. */
export const MANY = 16;
/** Objects of a constructor by whose properties the engine finds out how much room they need. */
const PROBES = 8;

/** Has room for as many properties as it names, which only probes have. */
function FewProperties(this: PlainRow, isProbe?: boolean): void {
  if (!isProbe) return;
  this.a = null;
  this.b = null;
  this.c = null;
  this.d = null;
  this.e = null;
  this.f = null;
  this.g = null;
  this.h = null;
}

/** The same for more of them. */
function ManyProperties(this: PlainRow, isProbe?: boolean): void {
  if (!isProbe) return;
  this.a = null;
  this.b = null;
  this.c = null;
  this.d = null;
  this.e = null;
  this.f = null;
  this.g = null;
  this.h = null;
  this.i = null;
  this.j = null;
  this.k = null;
  this.l = null;
  this.m = null;
  this.n = null;
  this.o = null;
  this.p = null;
}

/** Makes a row without properties. */
export type RowConstructor = new (isProbe?: boolean) => PlainRow;

/**
 * Makes plain objects, by their prototype equal to literals, that have room in themselves for as many
 * properties as the function names: the engine takes the room back that none of the first ones uses,
 * so these use all of it.
 */
function constructorOf(make: (this: PlainRow, isProbe?: boolean) => void): RowConstructor {
  make.prototype = Object.prototype;
  const constructor = make as unknown as RowConstructor;
  Array.from({ length: PROBES }, () => new constructor(true)); // together, while all of them live
  return constructor;
}

/** A plain object with room for `FEW` properties. */
export const FewRow: RowConstructor = constructorOf(FewProperties);
/** A plain object with room for `MANY` properties. */
export const ManyRow: RowConstructor = constructorOf(ManyProperties);

/** A key as the engine keeps it: with another string of the same characters each store looks it up. */
export function keyOf(name: string): string {
  return Object.keys({ [name]: null })[0];
}

/** Whether stores to an object without properties make it one of its own, behind the others. */
function isPlainKey(name: string): boolean {
  return name !== "__proto__" && String(Number(name) >>> 0) !== name;
}

/** Whether rows of these columns can be made without a template. */
export function areRoomy(names: readonly string[]): boolean {
  return names.length > 0 && names.length <= MANY && names.every(isPlainKey);
}

/** A row of these columns, of nulls: copies of it have its shape at once. */
export function templateOf(names: readonly string[]): PlainRow {
  const template = {};
  for (const name of names) setOwn(template, name, null);
  return template;
}

/** As many columns, the last of which is there several times if there were fewer. */
export function filledUp<T>(columns: readonly T[], count: number): readonly T[] {
  const all = columns.slice();
  while (all.length < count) all.push(columns[columns.length - 1]);
  return all;
}
