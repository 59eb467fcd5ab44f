const scope = self as unknown as {
  onmessage: (event: MessageEvent) => void;
  postMessage(message: unknown): void;
  name: string;
};

/** Tells what it was given; throws on demand. */
scope.onmessage = ({ data }) => {
  if (data === "throw") throw new Error("thrown in the worker");
  scope.postMessage({ name: scope.name, data });
};
