/** Curves of stored runs, read once each: what is put side by side. */
import { Series } from '../core/series';
import { listMetrics } from '../storage/runs';
import type { OpenDesk } from './desk';
import type { Problems } from './problems.svelte';

export class RunCurves {
	readonly #openDesk: OpenDesk;
	readonly #problems: Problems;
	#series = $state.raw<ReadonlyMap<string, Series>>(new Map());

	constructor(openDesk: OpenDesk, problems: Problems) {
		this.#openDesk = openDesk;
		this.#problems = problems;
	}

	/** null until it is read. */
	of(runId: string): Series | null {
		return this.#series.get(runId) ?? null;
	}

	/** Reads these runs as they are stored now, and forgets all others. */
	async read(runIds: readonly string[]): Promise<void> {
		try {
			const { db } = await this.#openDesk();
			const read = await Promise.all(
				runIds.map(async (id) => {
					const series = new Series();
					for (const { step, values } of await listMetrics(db, id)) {
						series.append(step, values);
					}
					return [id, series] as const;
				})
			);
			this.#series = new Map(read);
		} catch (cause) {
			this.#problems.report(cause);
		}
	}
}
