export type ErrorCode =
	| 'aborted'
	| 'no-webgpu'
	| 'insecure-context'
	| 'backend-failed'
	| 'device-lost'
	| 'out-of-memory'
	| 'not-finite'
	| 'quota-exceeded'
	| 'storage-failed'
	| 'missing-file'
	| 'corrupt-file'
	| 'wrong-shape'
	| 'tokenizer-mismatch'
	| 'too-large'
	| 'newer-version'
	| 'unknown-format'
	| 'not-enough-data'
	| 'answers-changed'
	| 'bad-settings'
	| 'worker-crashed'
	| 'internal';

/** The only error the app throws on purpose. `code` picks the message a person sees; `detail` holds facts for it. */
export class StudioError extends Error {
	override readonly name = 'StudioError';
	readonly code: ErrorCode;
	readonly detail: Readonly<Record<string, unknown>>;

	constructor(
		code: ErrorCode,
		message: string,
		options: ErrorOptions & { detail?: Record<string, unknown> } = {}
	) {
		super(message, options);
		this.code = code;
		this.detail = options.detail ?? {};
	}
}

export interface WireError {
	code: ErrorCode;
	message: string;
	detail: Record<string, unknown>;
	stack?: string;
}

/** Turn anything thrown into the app's own error, once, at the border (rpc, storage, file reading). */
export function toStudioError(cause: unknown): StudioError {
	if (cause instanceof StudioError) {
		return cause;
	}
	if (cause instanceof DOMException && cause.name === 'AbortError') {
		return new StudioError('aborted', 'Stopped', { cause });
	}
	if (cause instanceof DOMException && cause.name === 'QuotaExceededError') {
		return new StudioError('quota-exceeded', cause.message, { cause });
	}
	return new StudioError('internal', cause instanceof Error ? cause.message : String(cause), {
		cause
	});
}
