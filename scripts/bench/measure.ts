/** How numbers are taken: contestants run in turn, round after round, and the medians are compared. */
import type { ComputeDevice } from '../../workers/engine/device';

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length / 2;
	return sorted.length % 2 === 1
		? (sorted[Math.floor(middle)] ?? NaN)
		: ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** The value below which `share` of the values lie (nearest rank). */
export function quantile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export interface Contestant {
	name: string;
	/** Round `round`, 0-based; rounds before the first measured one warm up. */
	run: (round: number) => Promise<void>;
}

/** Milliseconds of every measured round by contestant: A, B, C, A, B, C, … */
export async function sideBySide(
	contestants: readonly Contestant[],
	rounds: { warmUp: number; measured: number }
): Promise<Record<string, number[]>> {
	const times: Record<string, number[]> = {};
	for (let round = 0; round < rounds.warmUp + rounds.measured; round++) {
		for (const { name, run } of contestants) {
			const started = performance.now();
			await run(round);
			const ms = performance.now() - started;
			if (round >= rounds.warmUp) {
				(times[name] ??= []).push(ms);
			}
		}
	}
	return times;
}

/** Bytes that a device holds over those in use; NaN where it cannot tell. */
export function memoryRatio(device: ComputeDevice): number {
	const { bytesAllocated, bytesLive } = device.statistics();
	return bytesAllocated === null || bytesLive === null ? NaN : bytesAllocated / bytesLive;
}
