import { expect, test } from 'vitest';
import { Parameters } from '../../../workers/engine/parameters';

const options = { clipNorm: Infinity, weightDecay: 0 };
const make = () =>
	new Parameters([
		{ name: 'w', shape: [2], group: 'trunk', values: Float32Array.of(1, 2) },
		{ name: 'h', shape: [2], group: 'heads', values: Float32Array.of(3, 4) }
	]);

function step(p: Parameters, lr: { trunk?: number; heads?: number }): void {
	p.accumulate('w', [0.5, -0.25]);
	p.accumulate('h', [1, 2]);
	p.update({ ...options, lr });
}

test('a group that was frozen starts as if nothing had been learned before', () => {
	const warmed = make();
	for (let i = 0; i < 20; i++) {
		step(warmed, { heads: 0.01 });
	}
	expect(warmed.get('w').values).toEqual(Float32Array.of(1, 2));
	step(warmed, { trunk: 0.01, heads: 0.01 });
	const fresh = make();
	step(fresh, { trunk: 0.01 });
	expect(warmed.get('w').values).toEqual(fresh.get('w').values);
	expect(fresh.get('w').values).not.toEqual(Float32Array.of(1, 2));
});

test('each group goes on from its own count after saving and loading', async () => {
	const straight = make();
	step(straight, { heads: 0.01 });
	step(straight, { trunk: 0.01, heads: 0.01 });
	const saved = [...straight.save(true)].map((t) => ({ ...t, data: t.data.slice() }));
	const loaded = make();
	await loaded.load(saved);
	step(straight, { trunk: 0.01, heads: 0.01 });
	step(loaded, { trunk: 0.01, heads: 0.01 });
	expect([...loaded.save(true)]).toEqual([...straight.save(true)]);
});
