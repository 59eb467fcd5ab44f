import { SharedSource, type SourceView } from "./shared_source.ts";
import type { Source } from "../source.ts";
import { stageOf } from "../stage.ts";
import { UnionSource } from "../union_source.ts";

/** The sources that one reads itself. */
function sourcesIn(source: Source): readonly Source[] {
  if (source instanceof UnionSource) return source.sources;
  const stage = stageOf(source);
  return stage ? [stage.parts.source] : [];
}

/** A source, and all that it reads. */
export function allIn(source: Source): Set<Source> {
  return new Set([source, ...sourcesIn(source).flatMap((inner) => [...allIn(inner)])]);
}

/** The same as a source, of others in the place of those that it reads. */
function readingFrom(source: Source, others: readonly Source[]): Source {
  if (source instanceof UnionSource) return new UnionSource(others);
  return stageOf(source)?.fresh(others[0]) ?? source;
}

/**
 * The sources of several pipelines, each of which is read once, however many read it: also by way of
 * a union, or of results that others go on with.
 */
export class SharedSources {
  readonly #readers = new Map<Source, number>();
  readonly #shared = new Map<Source, SharedSource>();

  /** Sources, each as often as it is to be read. */
  constructor(sources: readonly Source[]) {
    for (const source of sources) this.#count(source);
  }

  #count(source: Source): void {
    const readers = this.#readers.get(source) ?? 0;
    this.#readers.set(source, readers + 1);
    if (readers > 0) return;
    for (const inner of sourcesIn(source)) this.#count(inner);
  }

  /** A source as its next reader sees it. */
  view(source: Source): SourceView {
    return this.#of(source).view();
  }

  #of(source: Source): SharedSource {
    const known = this.#shared.get(source);
    if (known) return known;
    const inner = sourcesIn(source).map((each) => this.view(each));
    const given = readingFrom(source, inner);
    const shared = new SharedSource(given, this.#readers.get(source)!, () => {
      for (const view of inner) view.leave();
    });
    this.#shared.set(source, shared);
    return shared;
  }

  /** Nothing more is read: all readers get what has been, and then the end. */
  end(): void {
    for (const [source, shared] of this.#shared) {
      if (sourcesIn(source).length === 0) shared.end();
    }
  }
}
