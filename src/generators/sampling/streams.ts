/** Streams of random words that each variable, and each column, has for a block. */
export const STREAMS = 4;
/** The stream that hidden states are drawn with. */
export const STATE = 0;
/** The stream that symbols are drawn with. */
export const SYMBOL = 1;
/** The stream that values within symbols are drawn with. */
export const WITHIN = 2;
