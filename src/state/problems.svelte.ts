import { toStudioError, type ErrorCode, type StudioError } from '../protocol/errors';
import type { Announcer } from './announcer.svelte';

export interface Problem {
	error: StudioError;
	/** Tries again what failed, where that makes sense. */
	retry: (() => void) | null;
}

const MENDED_BY_RELOAD: ReadonlySet<ErrorCode> = new Set([
	'storage-failed',
	'newer-version',
	'internal'
]);
const reload = () => location.reload();

/** The one place where errors are shown: the newest that a person has not dismissed. Stopping is not an error. */
export class Problems {
	readonly #announcer: Announcer;
	readonly #describe: (error: StudioError) => string;
	#current = $state.raw<Problem | null>(null);

	constructor(announcer: Announcer, describe: (error: StudioError) => string) {
		this.#announcer = announcer;
		this.#describe = describe;
	}

	get current(): Problem | null {
		return this.#current;
	}

	report(cause: unknown, retry: (() => void) | null = null): void {
		const error = toStudioError(cause);
		if (error.code === 'aborted') {
			return;
		}
		// A mistake of the program does not hide the cause that a person can do something about.
		if (error.code === 'internal' && this.#current) {
			return;
		}
		this.#current = { error, retry: retry ?? (MENDED_BY_RELOAD.has(error.code) ? reload : null) };
		this.#announcer.say(this.#describe(error));
	}

	dismiss(): void {
		this.#current = null;
	}

	retry(): void {
		const problem = this.#current;
		this.#current = null;
		problem?.retry?.();
	}
}
