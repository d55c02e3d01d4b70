/** Limits on files from elsewhere: far above what feedback needs, far below what stops a tab. */

/** A line, CSV record or array element. */
export const MAX_RECORD_BYTES = 2 ** 20;
/**
 * A native row may be longer: it holds all of a foreign row of the greatest length, and facts of its own. Otherwise a file
 * could be read that, written natively, could not be read again.
 */
export const MAX_NATIVE_RECORD_BYTES = 2 * MAX_RECORD_BYTES;
/** Objects and arrays within one another. */
export const MAX_DEPTH = 64;
/** `origin.columns` and messages stand this much deeper in a native row than in the row they came from. */
export const NATIVE_EXTRA_DEPTH = 4;
/** Of a file once it is unpacked: a small compressed file can claim to be endless. */
export const MAX_FILE_BYTES = 16 * 2 ** 30;
/** How a native line begins; `native.ts` writes it so. */
export const NATIVE_START = '{"format":"tiller-feedback"';
