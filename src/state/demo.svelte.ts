import { isRecordedRun, type RecordedRun } from '../core/formats/recorded-run';

/** The recorded run that stands in for what a person has not made yet. Without the file, views are merely emptier. */
export class DemoState {
	readonly #readText: (path: string) => Promise<string>;
	#run = $state.raw<RecordedRun | null>(null);

	constructor(readText: (path: string) => Promise<string>) {
		this.#readText = readText;
	}

	get run(): RecordedRun | null {
		return this.#run;
	}

	async load(): Promise<void> {
		try {
			const value: unknown = JSON.parse(await this.#readText('runs/demo.json'));
			this.#run = isRecordedRun(value) ? value : null;
		} catch {
			// No recording, or one that cannot be read: the studio works without.
			this.#run = null;
		}
	}
}
