/** Numbers at places of a list. */
export function numbersAt(values: Float64Array, places: Uint32Array): Float64Array {
  const out = new Float64Array(places.length);
  for (let i = 0; i < out.length; i++) out[i] = values[places[i]];
  return out;
}

/** Positions at places of a list. */
export function positionsAt(values: Uint32Array, places: Uint32Array): Uint32Array {
  const out = new Uint32Array(places.length);
  for (let i = 0; i < out.length; i++) out[i] = values[places[i]];
  return out;
}

/** Events by the chunk that each is in. */
export interface ChunkPart {
  readonly number: number;
  /** Where they are among those that were given. */
  readonly places: Uint32Array;
  /** Where they are in the chunk. */
  readonly events: Uint32Array;
}

/** Splits events by their chunks. */
export function partsByChunk(indices: Float64Array, size: number): ChunkPart[] {
  const counts = new Map<number, number>();
  const numbers = new Float64Array(indices.length);
  let [last, run] = [-1, 0];
  for (let i = 0; i < indices.length; i++) {
    const number = numbers[i] = Math.floor(indices[i] / size);
    if (number !== last) {
      if (run > 0) counts.set(last, (counts.get(last) ?? 0) + run);
      [last, run] = [number, 0];
    }
    run++;
  }
  if (run > 0) counts.set(last, (counts.get(last) ?? 0) + run);
  return Array.from(counts, ([number, count]) => {
    const [places, events] = [new Uint32Array(count), new Uint32Array(count)];
    let at = 0;
    for (let i = 0; at < count; i++) {
      if (numbers[i] !== number) continue;
      places[at] = i;
      events[at++] = indices[i] - number * size;
    }
    return { number, places, events };
  });
}
