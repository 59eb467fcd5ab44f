import { DanceFloor } from "../../src/hive/dance_floor.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent) => void;
  postMessage(message: string): void;
};

/** Dances as fast as it can, with numbers of which every half would be another number. */
scope.onmessage = ({ data: { memory, bee, dances } }) => {
  const dancer = new DanceFloor(memory).dancer(bee);
  for (let i = 0; i < dances; i++) dancer.queue(i % 2 === 0 ? 0x7fff_ffff : 0x1234_5678);
  scope.postMessage("done");
};
