/**
 * Where each parameter lies in a pool: one array (or buffer) for all weights, one for all gradients, one for each moment. Pools make
 * clearing, the gradient norm, AdamW and copying a model single commands. Order: matrices of the trunk, its vectors (which
 * never decay), heads; so every (group, decays) pair is one contiguous range.
 */
import type { ParameterGroup } from './language-model';
import type { ParameterValues } from './parameters';

export interface Slot {
	readonly name: string;
	readonly shape: readonly number[];
	readonly group: ParameterGroup;
	/** Decoupled weight decay applies: matrices only. */
	readonly decays: boolean;
	/** In floats from the start of the pool. */
	readonly offset: number;
	/** In floats. */
	readonly size: number;
}

export interface PoolRange {
	readonly group: ParameterGroup;
	readonly decays: boolean;
	/** In floats; the padding between slots is inside and stays zero. */
	readonly start: number;
	readonly end: number;
}

export interface ParameterLayout {
	readonly slots: readonly Slot[];
	readonly ranges: readonly PoolRange[];
	/** Floats in a pool, padding included. */
	readonly length: number;
	slot(name: string): Slot;
}

/** 256 bytes: WebGPU's strictest alignment of a binding, and more than SIMD asks for. */
export const POOL_ALIGNMENT = 64;

/** @param list Names must be unique. */
export function layoutOf(
	list: readonly Pick<ParameterValues, 'name' | 'shape' | 'group'>[]
): ParameterLayout {
	const rank = (p: { shape: readonly number[]; group: ParameterGroup }) =>
		(p.group === 'heads' ? 2 : 0) + (p.shape.length > 1 ? 0 : 1);
	const slots: Slot[] = [];
	const ranges: PoolRange[] = [];
	const byName = new Map<string, Slot>();
	let offset = 0;
	for (const p of [...list].sort((a, b) => rank(a) - rank(b))) {
		const size = p.shape.reduce((a, b) => a * b, 1);
		const slot = {
			name: p.name,
			shape: p.shape,
			group: p.group,
			decays: p.shape.length > 1,
			offset,
			size
		};
		slots.push(slot);
		byName.set(p.name, slot);
		offset += Math.ceil(size / POOL_ALIGNMENT) * POOL_ALIGNMENT;
		const last = ranges.at(-1);
		if (last?.group === slot.group && last.decays === slot.decays) {
			ranges[ranges.length - 1] = { ...last, end: offset };
		} else {
			ranges.push({ group: slot.group, decays: slot.decays, start: slot.offset, end: offset });
		}
	}
	return {
		slots,
		ranges,
		length: offset,
		slot: (name) => {
			const found = byName.get(name);
			if (!found) {
				throw new Error(`No parameter named ${name}`);
			}
			return found;
		}
	};
}
