import { flat, nested, sensor } from "./stream_work.ts";

const WORK: Record<string, (record: never) => unknown> = { sensor, flat, nested };

const scope = self as unknown as {
  onmessage: (event: MessageEvent) => void;
  postMessage(message: unknown): void;
};

scope.onmessage = ({ data: { work, batch } }) => {
  const fn = WORK[work] as (record: unknown) => unknown;
  scope.onmessage = batch === 1
    ? ({ data }) => scope.postMessage(fn(data))
    : ({ data }) => scope.postMessage(data.map(fn));
};
