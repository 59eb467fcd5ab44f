import type { Kernel } from "../kernel/kernel.ts";
import type { BlockDecoder } from "./block_decoder.ts";
import type { BlockDecoderSpec } from "./block_specs.ts";
import { ReferenceBlockDecoder } from "./reference_block_decoder.ts";

/**
 * Makes the decoder that some plain data describe.
 *
 * @param _kernel An instance that the decoder has for itself: the columns that it gives may be views
 *   of its memory.
 */
export function createBlockDecoder(spec: BlockDecoderSpec, _kernel: Kernel): BlockDecoder {
  return new ReferenceBlockDecoder(spec);
}
