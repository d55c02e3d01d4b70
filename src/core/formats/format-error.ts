/** A file that cannot be read, and why; the border (worker or storage) turns it into the app's error of the same code. */
export class FormatError extends Error {
	override readonly name = 'FormatError';
	readonly code:
		| 'corrupt-file'
		| 'wrong-shape'
		| 'tokenizer-mismatch'
		| 'too-large'
		| 'newer-version'
		| 'unknown-format';
	readonly detail: Readonly<Record<string, unknown>>;

	constructor(
		code: FormatError['code'],
		message: string,
		detail: Record<string, unknown> = {},
		cause?: unknown
	) {
		super(message, cause === undefined ? undefined : { cause });
		this.code = code;
		this.detail = detail;
	}
}
