// Imported by examples that need a broker: where a stream fails they say why in a line, and end with exit code 1.
import { StreamingError } from "@waggle/stream";

addEventListener("unhandledrejection", (event) => {
  if (!(event.reason instanceof StreamingError)) return; // a mistake: the stack says where
  event.preventDefault();
  console.error(event.reason.message);
  Deno.exit(1);
});
