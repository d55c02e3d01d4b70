import { StudioError } from '../protocol/errors';

function nameOf(cause: unknown): string {
	return cause instanceof Error || cause instanceof DOMException ? cause.name : '';
}

/** Turn what IndexedDB throws into the app's own error, once, at this border. */
export function toStorageError(cause: unknown): StudioError {
	if (cause instanceof StudioError) {
		return cause;
	}
	const text = cause instanceof Error ? cause.message : String(cause);
	switch (nameOf(cause)) {
		case 'QuotaExceededError':
			return new StudioError('quota-exceeded', text || 'The browser has no room left', { cause });
		case 'VersionError':
			return new StudioError('newer-version', text || 'A newer version stored this', { cause });
		case 'DataCloneError':
			// A proxy or a function in a record: a mistake in this app, not of the browser's storage.
			return new StudioError('internal', text, { cause });
		default:
			return new StudioError('storage-failed', text || 'The browser could not store this', {
				cause
			});
	}
}
