import { SharedSource, type SourceView } from "./shared_source.ts";
import type { Source } from "./source.ts";
import { stageOf } from "./stage.ts";

/**
 * The sources of several pipelines, each of which is read once, however many read it: also those
 * whose results others go on with.
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
    const stage = stageOf(source);
    if (stage && readers === 0) this.#count(stage.parts.source);
  }

  /** A source as its next reader sees it. */
  view(source: Source): SourceView {
    return this.#of(source).view();
  }

  #of(source: Source): SharedSource {
    const known = this.#shared.get(source);
    if (known) return known;
    const stage = stageOf(source);
    const before = stage && this.view(stage.parts.source);
    const given = stage?.fresh(before) ?? source;
    const readers = this.#readers.get(source)!;
    const shared = new SharedSource(given, readers, () => before?.leave());
    this.#shared.set(source, shared);
    return shared;
  }

  /** Nothing more is read: all readers get what has been, and then the end. */
  end(): void {
    for (const [source, shared] of this.#shared) if (!stageOf(source)) shared.end();
  }
}
