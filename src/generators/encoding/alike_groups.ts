/** Of another column the mean of each category, by how much of its variance they explain. */
export interface Feature {
  readonly means: Float64Array;
  readonly explained: number;
}

/** What another column, as ranks of which NaN is none, says of categories. */
export function featureOf(
  ranks: ArrayLike<number>,
  positions: ArrayLike<number>,
  size: number,
): Feature {
  const [sums, counts] = [new Float64Array(size), new Float64Array(size)];
  let [rows, sum, squares] = [0, 0, 0];
  for (let row = 0; row < ranks.length; row++) {
    if (positions[row] < 0 || Number.isNaN(ranks[row])) continue;
    sums[positions[row]] += ranks[row];
    counts[positions[row]]++;
    rows++;
    sum += ranks[row];
    squares += ranks[row] ** 2;
  }
  const mean = sum / rows;
  const means = sums.map((each, at) => counts[at] > 0 ? each / counts[at] : mean);
  const between = means.reduce((total, each, at) => total + counts[at] * (each - mean) ** 2, 0);
  const all = squares - rows * mean ** 2;
  // less what as many categories of chance would explain
  const chance = (rows - 1) / Math.max(1, rows - counts.filter((count) => count > 0).length);
  const explained = rows > 0 && all > 0 ? 1 - (1 - between / all) * chance : 0;
  return { means, explained };
}

/** By which feature some categories differ most. */
function widest(some: readonly number[], features: readonly Feature[]): Feature {
  let [best, most] = [features[0], -1];
  for (const feature of features) {
    const { means, explained } = feature;
    const mean = some.reduce((sum, at) => sum + means[at], 0) / some.length;
    const spread = explained * some.reduce((sum, at) => sum + (means[at] - mean) ** 2, 0);
    if (spread > most) [best, most] = [feature, spread];
  }
  return best;
}

/** Halves categories by what they differ in most, until there are as many groups as wanted. */
export function halved(
  all: readonly number[],
  groups: number,
  { features, weights }: { features: readonly Feature[]; weights: Float64Array },
): number[][] {
  const out: number[][] = [];
  const waiting = [{ some: all, groups }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (next.groups === 1) {
      out.push([...next.some]);
      continue;
    }
    const { means } = widest(next.some, features);
    const some = next.some.toSorted((a, b) => means[a] - means[b] || a - b);
    const left = next.groups >> 1;
    const total = some.reduce((sum, at) => sum + weights[at], 0);
    let [cut, sum] = [0, 0];
    while (cut < some.length && sum < total * left / next.groups) sum += weights[some[cut++]];
    cut = Math.min(Math.max(cut, left), some.length - (next.groups - left));
    waiting.push({ some: some.slice(cut), groups: next.groups - left });
    waiting.push({ some: some.slice(0, cut), groups: left });
  }
  return out;
}
