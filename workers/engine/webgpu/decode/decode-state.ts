/**
 * The small buffer that steers a rollout on the device: place, settings and the rows that are still being written, all u32.
 * The host fills it once per rollout; afterwards only the advance kernel writes it, so one command list serves every column.
 */
import { StudioError } from '../../../../src/protocol/errors';
import type { Sampling } from '../../language-model';

/** Rows of one rollout; larger batches are several rollouts. */
export const MAX_ROWS = 64;
const MAX_STOPS = 32;
/** In place of a token where the logits were not finite. */
export const NO_TOKEN = 0xffffffff;

/** Places in the state, in words. The kernels know them under the same names. */
export const AT = {
	COLUMN: 0,
	/** Rows that go through the layers at this column. */
	ACTIVE_COUNT: 1,
	/** Those of them that a token is drawn for: not the ones still inside their prompt. */
	DRAW_COUNT: 2,
	/** Of this rollout (T); also the words from one row of ids or results to the next. */
	COLUMNS: 3,
	/** Positions that the cache has room for. */
	CAPACITY: 4,
	ROWS: 5,
	/** Workgroups launched so far. */
	WORKGROUPS: 6,
	MAX_NEW: 7,
	SEED: 8,
	FIRST: 10,
	TEMPERATURE: 12,
	TOP_K: 13,
	TOP_P: 14,
	STOP_COUNT: 15,
	STOPS: 16,
	ACTIVE: 48,
	DRAW: 112,
	/** Of each row, the token at this column. */
	TOKEN: 176,
	PROMPT_LENGTH: 240,
	LENGTH: 304,
	STOPPED: 368,
	/** Prompts, [ROWS, COLUMNS]. */
	IDS: 432
} as const;

/** The same places for WGSL. */
export const STATE_CONSTANTS = [
	...Object.entries(AT).map(([name, at]) => `const ${name} = ${at}u;`),
	`const NO_TOKEN = ${NO_TOKEN}u;`
].join('\n');

export interface RolloutShape {
	/** At most MAX_ROWS, none empty; ids beyond column T are cut off. */
	prompts: readonly Int32Array[];
	T: number;
	/** Positions that the cache has room for. */
	capacity: number;
	/** Number of the first row in the seed's stream. */
	first: number;
}

/** Two words of an integer from 0 to 2^53 - 1, low first. */
function words(value: number, name: string): [number, number] {
	if (!Number.isSafeInteger(value) || value < 0) {
		throw new RangeError(`${name} must be an integer from 0 to 2^53 - 1, got ${value}`);
	}
	return [value % 2 ** 32, Math.floor(value / 2 ** 32)];
}

/** The state before the first column. @throws StudioError 'internal' for more stop ids than there is room for */
export function initialState(
	{ prompts, T, capacity, first }: RolloutShape,
	o: Sampling
): Uint32Array<ArrayBuffer> {
	if (o.stop.length > MAX_STOPS) {
		throw new StudioError(
			'internal',
			`${o.stop.length} stop ids; the sampler takes ${MAX_STOPS} at most.`
		);
	}
	const rows = prompts.length;
	const state = new Uint32Array(AT.IDS + rows * T);
	const floats = new Float32Array(state.buffer);
	// A row whose prompt fills all columns has nothing to be drawn.
	const active = [...prompts.keys()].filter((b) => (prompts[b]?.length ?? 0) < T);
	const drawn = active.filter((b) => prompts[b]?.length === 1);
	state[AT.ACTIVE_COUNT] = active.length;
	state[AT.DRAW_COUNT] = drawn.length;
	state[AT.COLUMNS] = T;
	state[AT.CAPACITY] = capacity;
	state[AT.ROWS] = rows;
	state[AT.MAX_NEW] = Math.min(o.maxNew, T);
	state.set(words(o.seed, 'seed'), AT.SEED);
	state.set(words(first, 'first'), AT.FIRST);
	floats[AT.TEMPERATURE] = o.temperature;
	state[AT.TOP_K] = Math.min(o.topK ?? 0, 2 ** 32 - 1);
	floats[AT.TOP_P] = o.topP ?? 1;
	state[AT.STOP_COUNT] = o.stop.length;
	state.set(o.stop, AT.STOPS);
	state.set(active, AT.ACTIVE);
	state.set(drawn, AT.DRAW);
	prompts.forEach((prompt, b) => {
		state[AT.TOKEN + b] = prompt[0] ?? 0;
		state[AT.PROMPT_LENGTH + b] = prompt.length;
		state[AT.LENGTH + b] = prompt.length;
		state.set(prompt.subarray(0, T), AT.IDS + b * T);
	});
	return state;
}
