/** Milliseconds of a day. */
export const DAY_MS = 86_400_000;

/** The most days from 1970 that a date may lie, either way: the range of `Date`. */
export const MAX_DATE_DAYS = 1e8;

/** The most milliseconds from 1970 that a timestamp may lie, either way: the range of `Date`. */
export const MAX_TIMESTAMP_MS: number = MAX_DATE_DAYS * DAY_MS;
