/** Kernels around tokens and weights: statistics, gradient and draw over the vocabulary, embedding rows, AdamW. */
import { ADAM_BETA1, ADAM_BETA2, ADAM_EPSILON, adamwUpdate } from '../../src/core/methods/adamw';
import { sampleRow, tokenScore } from '../../src/core/methods/log-prob';
import { LIMIT, LONG_LIMIT, kernelCase, normals, paddedTo8, type KernelCase } from './kernel-case';

const TEMPERATURE = 0.7;

export function tokenCases(rows: number, V: number): KernelCase {
	return kernelCase(
		`token statistics, gradient and draw ${rows} x ${V}`,
		V >= 1024 ? LONG_LIMIT : LIMIT,
		(b, r) => {
			const z = normals(r, rows * V, 2);
			const ld = paddedTo8(V);
			const padded = new Float64Array(rows * ld);
			const targets = Array.from({ length: rows }, () => r.int(V));
			for (let i = 0; i < rows; i++) {
				padded.set(z.subarray(i * V, (i + 1) * V), i * ld);
			}
			const [dLogProb, dEntropy] = [normals(r, rows), normals(r, rows)];
			const scores = targets.map((id, i) => tokenScore(z, i * V, V, TEMPERATURE, id));
			const gradient = (byEntropy: Float64Array) =>
				z.map((_, n) => {
					const [i, j] = [Math.floor(n / V), n % V];
					const { logProb } = tokenScore(z, i * V, V, TEMPERATURE, j);
					const p = Math.exp(logProb);
					const isTarget = Number(j === targets[i]);
					const dH = -p * (logProb + (scores[i]?.entropy ?? NaN));
					return ((dLogProb[i] ?? NaN) * (isTarget - p) + (byEntropy[i] ?? NaN) * dH) / TEMPERATURE;
				});
			const unpadded = (address: number) => {
				const all = b.get(address, rows * ld);
				return z.map((_, n) => all[Math.floor(n / V) * ld + (n % V)] ?? NaN);
			};
			const inverse = 1 / TEMPERATURE;
			const ids = b.ints(targets);
			const zeros = new Float64Array(rows);
			const [logProb, entropy] = [b.wide(zeros), b.wide(zeros)];
			b.run.tokenStatistics(rows, V, b.put(padded), ld * 4, ids, inverse, logProb, entropy);
			const [plain, both] = [b.put(padded), b.put(padded)];
			b.run.tokenGradient(rows, V, plain, ld * 4, ids, inverse, b.put(dLogProb), 0);
			b.run.tokenGradient(rows, V, both, ld * 4, ids, inverse, b.put(dLogProb), b.put(dEntropy));
			const uniforms = Float64Array.from({ length: rows }, () => r.next());
			const [drawn, drawnLogProb, masses] = [
				b.ints(targets),
				b.wide(zeros),
				b.wide(new Float64Array(ld / 8))
			];
			const failed = b.run.drawTokens(
				...([rows, V, b.put(padded), ld * 4, inverse, b.wide(uniforms)] as const),
				...([drawn, drawnLogProb, masses] as const)
			);
			const draws = Array.from(uniforms, (u, i) =>
				sampleRow(z, i * V, V, u, { temperature: TEMPERATURE })
			);
			const largest = b.ints(targets);
			b.run.largestTokens(rows, V, b.put(padded), ld * 4, largest);
			const greedy = draws.map((_, i) => sampleRow(z, i * V, V, 0.5, { temperature: 0 }).id);
			return [
				[b.getWide(logProb, rows), scores.map((s) => s.logProb)],
				[b.getWide(entropy, rows), scores.map((s) => s.entropy)],
				[unpadded(plain), gradient(zeros)],
				[unpadded(both), gradient(dEntropy)],
				[[failed], [-1]],
				[b.getInts(drawn, rows), draws.map((d) => d.id)],
				[b.getWide(drawnLogProb, rows), draws.map((d) => d.logProb)],
				[b.getInts(largest, rows), greedy]
			];
		}
	);
}

export const adamw = kernelCase('AdamW over several steps, squared norm', LIMIT, (b, r) => {
	const n = 77;
	const expected = {
		param: normals(r, n),
		m: new Float64Array(n),
		v: new Float64Array(n)
	};
	const [w, m, v] = [b.put(expected.param), b.put(expected.m), b.put(expected.v)];
	let norm = NaN;
	let squares = NaN;
	for (let step = 1; step <= 5; step++) {
		const grad = normals(r, n);
		const [lr, weightDecay, gradScale] = [0.01, 0.1, 0.5];
		adamwUpdate({ ...expected, grad, step, lr, weightDecay, gradScale });
		const g = b.put(grad);
		norm = grad.reduce((sum, x) => sum + x * x, 0);
		squares = b.run.sumSquares(n, g);
		b.run.adamw(
			...([
				n,
				w,
				g,
				m,
				v,
				gradScale,
				ADAM_BETA1,
				ADAM_BETA2,
				lr / (1 - ADAM_BETA1 ** step)
			] as const),
			...([1 / Math.sqrt(1 - ADAM_BETA2 ** step), ADAM_EPSILON, 1 - lr * weightDecay] as const)
		);
	}
	return [
		[b.get(w, n), expected.param],
		[b.get(m, n), expected.m],
		[b.get(v, n), expected.v],
		[[squares], [norm]]
	];
});

export const embedding = kernelCase('embedding rows and their gradient', LIMIT, (b, r) => {
	const [V, d, ids] = [5, 7, [3, 0, 3, 4]];
	const [table, dy] = [normals(r, V * d), normals(r, ids.length * d)];
	const dTable = new Float64Array(V * d);
	ids.forEach((id, i) => {
		for (let j = 0; j < d; j++) {
			dTable[id * d + j] = (dTable[id * d + j] ?? 0) + (dy[i * d + j] ?? NaN);
		}
	});
	const [rows, sum] = [b.blank(ids.length * d), b.put(new Float64Array(V * d))];
	b.run.gatherRows(ids.length, d, b.put(table), b.ints(ids), rows);
	b.run.scatterAddRows(ids.length, d, b.put(dy), b.ints(ids), sum);
	const doubled = b.put(table);
	b.run.addInto(V * d, doubled, b.put(table));
	return [
		[
			b.get(rows, ids.length * d),
			ids.flatMap((id) => Array.from(table.subarray(id * d, (id + 1) * d)))
		],
		[b.get(sum, V * d), dTable],
		[b.get(doubled, V * d), table.map((x) => 2 * x)]
	];
});
