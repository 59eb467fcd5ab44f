// A hidden Chow-Liu tree: every variable has a hidden state, which depends on that of its parent in
// the tree, and a symbol that depends on its own state alone. These loops pass messages up and down
// the tree (Pearl, "Probabilistic reasoning in intelligent systems", 1988, chapter 4; Baum-Welch on a
// tree) for a tile of 64 rows: its likelihoods, and the expected counts that the next parameters are
// made of.
//
// A variable's record has 64 bytes, parents before their children:
//
//   u32 parent | u32 whether it has no children | symbols, a byte each row | E, likelihoods [symbol]
//   [state] | T, transitions [parent state][state] | Tt, the same transposed | L, messages of a variable
//   without children [symbol][parent state] | B, [row][state] what lies below says | M, [row][parent
//   state] its message | G, [row][state] what all says | NT, NE, NL counts as T, E and L | 12 unused
//
// States are a multiple of 16, values f32, and the first record is the root's.

const ROWS: u32 = 64;
const RECORD: u32 = 64;
const LEAST_SUM: f32 = 1e-18;
const LEAST: f32 = 1e-37;

// @ts-ignore: decorator
@inline
function multiplyRow(row: u32, by: u32, bytes: u32): f32 {
  let sums: v128 = f32x4.splat(0);
  for (let at: u32 = 0; at < bytes; at += 16) {
    const product = f32x4.mul(v128.load(row + at), v128.load(by + at));
    v128.store(row + at, product);
    sums = f32x4.add(sums, product);
  }
  return f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) +
    f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
}

// @ts-ignore: decorator
@inline
function scaleRow(row: u32, by: f32, bytes: u32): void {
  const scale = f32x4.splat(by);
  for (let at: u32 = 0; at < bytes; at += 16) {
    v128.store(row + at, f32x4.mul(v128.load(row + at), scale));
  }
}

// @ts-ignore: decorator
@inline
function sumRow(row: u32, bytes: u32): f32 {
  let sums: v128 = f32x4.splat(0);
  for (let at: u32 = 0; at < bytes; at += 16) sums = f32x4.add(sums, v128.load(row + at));
  return f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) +
    f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
}

// Makes a row sum to 1, and notes the logarithm of what it was divided by.
// @ts-ignore: decorator
@inline
function normalize(row: u32, sum: f32, bytes: u32, log: u32): void {
  const divisor = max<f32>(sum, LEAST);
  scaleRow(row, <f32>1 / divisor, bytes);
  store<f64>(log, load<f64>(log) + Math.log(<f64>divisor));
}

// @ts-ignore: decorator
@inline
function addScaled(sum: v128, scale: v128, from: u32): v128 {
  return f32x4.add(sum, f32x4.mul(scale, v128.load(from)));
}

/**
 * Multiplies matrices: `to[row][n] = Σ_k from[row][k] × weights[k][n]`, of an even number of rows, two
 * rows and sixteen columns at a time; `bytes` are those of a row, four for each state.
 */
export function circuitProduct(from: u32, weights: u32, to: u32, rows: u32, bytes: u32): void {
  const states = bytes >> 2;
  for (let row: u32 = 0; row < rows; row += 2) {
    const one = from + row * bytes;
    const two = one + bytes;
    for (let column: u32 = 0; column < bytes; column += 64) {
      let a0: v128 = f32x4.splat(0);
      let a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
      let weight = weights + column;
      for (let k: u32 = 0; k < states; k++) {
        const a = v128.load32_splat(one + (k << 2));
        const b = v128.load32_splat(two + (k << 2));
        const w0 = v128.load(weight), w1 = v128.load(weight, 16);
        const w2 = v128.load(weight, 32), w3 = v128.load(weight, 48);
        a0 = f32x4.add(a0, f32x4.mul(a, w0));
        a1 = f32x4.add(a1, f32x4.mul(a, w1));
        a2 = f32x4.add(a2, f32x4.mul(a, w2));
        a3 = f32x4.add(a3, f32x4.mul(a, w3));
        b0 = f32x4.add(b0, f32x4.mul(b, w0));
        b1 = f32x4.add(b1, f32x4.mul(b, w1));
        b2 = f32x4.add(b2, f32x4.mul(b, w2));
        b3 = f32x4.add(b3, f32x4.mul(b, w3));
        weight += bytes;
      }
      const out = to + row * bytes + column;
      v128.store(out, a0);
      v128.store(out, a1, 16);
      v128.store(out, a2, 32);
      v128.store(out, a3, 48);
      v128.store(out + bytes, b0);
      v128.store(out + bytes, b1, 16);
      v128.store(out + bytes, b2, 32);
      v128.store(out + bytes, b3, 48);
    }
  }
}

/**
 * Adds outer products of rows: `counts[p][h] += Σ_row up[row][p] × below[row][h]`, two p and sixteen h
 * at a time; `bytes` are those of a row, four for each state.
 */
export function circuitOuter(up: u32, below: u32, counts: u32, rows: u32, bytes: u32): void {
  const states = bytes >> 2;
  for (let p: u32 = 0; p < states; p += 2) {
    for (let column: u32 = 0; column < bytes; column += 64) {
      const one = counts + p * bytes + column;
      const two = one + bytes;
      let a0 = v128.load(one), a1 = v128.load(one, 16);
      let a2 = v128.load(one, 32), a3 = v128.load(one, 48);
      let b0 = v128.load(two), b1 = v128.load(two, 16);
      let b2 = v128.load(two, 32), b3 = v128.load(two, 48);
      let from = up + (p << 2);
      let row = below + column;
      for (let i: u32 = 0; i < rows; i++) {
        const a = v128.load32_splat(from);
        const b = v128.load32_splat(from, 4);
        a0 = addScaled(a0, a, row);
        a1 = addScaled(a1, a, row + 16);
        a2 = addScaled(a2, a, row + 32);
        a3 = addScaled(a3, a, row + 48);
        b0 = addScaled(b0, b, row);
        b1 = addScaled(b1, b, row + 16);
        b2 = addScaled(b2, b, row + 32);
        b3 = addScaled(b3, b, row + 48);
        from += bytes;
        row += bytes;
      }
      v128.store(one, a0);
      v128.store(one, a1, 16);
      v128.store(one, a2, 32);
      v128.store(one, a3, 48);
      v128.store(two, b0);
      v128.store(two, b1, 16);
      v128.store(two, b2, 32);
      v128.store(two, b3, 48);
    }
  }
}

// @ts-ignore: decorator
@inline
function symbolOf(record: u32, row: u32): u32 {
  return <u32>load<u8>(load<u32>(record, 8) + row);
}

// Multiplies a message into what lies below the parent says.
// @ts-ignore: decorator
@inline
function tell(below: u32, message: u32, bytes: u32, log: u32): void {
  const sum = multiplyRow(below, message, bytes);
  if (sum < LEAST_SUM) normalize(below, sum, bytes, log);
}

function upFrom(record: u32, parent: u32, from: u32, bytes: u32, logs: u32): void {
  const above = load<u32>(parent, 28);
  if (load<u32>(record, 4) != 0) {
    const messages = load<u32>(record, 24);
    for (let i: u32 = 0; i < ROWS; i++) {
      const message = messages + symbolOf(record, from + i) * bytes;
      tell(above + i * bytes, message, bytes, logs + (i << 3));
    }
    return;
  }
  const below = load<u32>(record, 28);
  for (let i: u32 = 0; i < ROWS; i++) {
    const row = below + i * bytes;
    normalize(row, sumRow(row, bytes), bytes, logs + (i << 3));
  }
  const message = load<u32>(record, 32);
  circuitProduct(below, load<u32>(record, 20), message, ROWS, bytes);
  for (let i: u32 = 0; i < ROWS; i++) {
    tell(above + i * bytes, message + i * bytes, bytes, logs + (i << 3));
  }
}

/**
 * Passes messages up for 64 rows from `from`; their log-likelihoods, f64 each, go to `logs`. `prior`
 * is the distribution of the root's state.
 */
export function circuitUp(
  records: u32, variables: u32, states: u32, prior: u32, from: u32, logs: u32,
): void {
  const bytes = states << 2;
  memory.fill(logs, 0, ROWS << 3);
  for (let v: u32 = 0; v < variables; v++) {
    const record = records + v * RECORD;
    if (v != 0 && load<u32>(record, 4) != 0) continue;
    for (let i: u32 = 0; i < ROWS; i++) {
      const likelihoods = load<u32>(record, 12) + symbolOf(record, from + i) * bytes;
      memory.copy(load<u32>(record, 28) + i * bytes, likelihoods, bytes);
    }
  }
  for (let v = variables - 1; v > 0; v--) {
    const record = records + v * RECORD;
    upFrom(record, records + load<u32>(record) * RECORD, from, bytes, logs);
  }
  const root = load<u32>(records, 28);
  for (let i: u32 = 0; i < ROWS; i++) {
    const row = root + i * bytes;
    normalize(row, multiplyRow(row, prior, bytes), bytes, logs + (i << 3));
  }
}

// What a variable's parent knows without it, over its message: what the counts are made of.
function outsideOf(record: u32, parent: u32, from: u32, bytes: u32, weights: u32): void {
  const isLeaf = load<u32>(record, 4) != 0;
  const known = load<u32>(parent, 36);
  const to = load<u32>(record, 32);
  for (let i: u32 = 0; i < ROWS; i++) {
    if (isLeaf && load<f32>(weights + (i << 2)) == 0) continue;
    const message = isLeaf
      ? load<u32>(record, 24) + symbolOf(record, from + i) * bytes
      : to + i * bytes;
    const counts = load<u32>(record, 48) + symbolOf(record, from + i) * bytes;
    for (let at: u32 = 0; at < bytes; at += 16) {
      const divisor = f32x4.max(v128.load(message + at), f32x4.splat(LEAST));
      const share = f32x4.div(v128.load(known + i * bytes + at), divisor);
      if (isLeaf) v128.store(counts + at, f32x4.add(v128.load(counts + at), share));
      else v128.store(to + i * bytes + at, share);
    }
  }
}

function countSymbols(record: u32, from: u32, bytes: u32, weights: u32): void {
  const known = load<u32>(record, 36);
  for (let i: u32 = 0; i < ROWS; i++) {
    if (load<f32>(weights + (i << 2)) == 0) continue;
    const counts = load<u32>(record, 44) + symbolOf(record, from + i) * bytes;
    const row = known + i * bytes;
    for (let at: u32 = 0; at < bytes; at += 16) {
      v128.store(counts + at, f32x4.add(v128.load(counts + at), v128.load(row + at)));
    }
  }
}

/**
 * Passes messages down for the 64 rows that were passed up last, and adds to the counts; row i counts
 * as `weights[i]`, an f32.
 */
export function circuitDown(
  records: u32, variables: u32, states: u32, from: u32, weights: u32,
): void {
  const bytes = states << 2;
  const root = load<u32>(records, 36);
  memory.copy(root, load<u32>(records, 28), ROWS * bytes);
  for (let i: u32 = 0; i < ROWS; i++) {
    scaleRow(root + i * bytes, load<f32>(weights + (i << 2)), bytes);
  }
  countSymbols(records, from, bytes, weights);
  for (let v: u32 = 1; v < variables; v++) {
    const record = records + v * RECORD;
    outsideOf(record, records + load<u32>(record) * RECORD, from, bytes, weights);
    if (load<u32>(record, 4) != 0) continue;
    const outside = load<u32>(record, 32);
    const below = load<u32>(record, 28);
    const known = load<u32>(record, 36);
    circuitOuter(outside, below, load<u32>(record, 40), ROWS, bytes);
    circuitProduct(outside, load<u32>(record, 16), known, ROWS, bytes);
    for (let at: u32 = 0; at < ROWS * bytes; at += 16) {
      v128.store(known + at, f32x4.mul(v128.load(known + at), v128.load(below + at)));
    }
    countSymbols(record, from, bytes, weights);
  }
}
