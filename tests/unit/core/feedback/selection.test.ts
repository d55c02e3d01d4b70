import { describe, expect, test } from 'vitest';
import { bald, dOptimal } from '../../../../src/core/feedback/acquisition';
import { RewardPosterior } from '../../../../src/core/feedback/reward-posterior';
import {
	assertMixture,
	type AskedPair,
	type Candidate,
	type Choice,
	choosePair,
	chooseQueue,
	DEFAULT_MIXTURE,
	isReserved,
	LEAST_REPEAT_GAP,
	type SelectionState
} from '../../../../src/core/feedback/selection';
import { closedTriads } from '../../../../src/core/feedback/triads';
import { Random } from '../../../../src/core/random';

/** n candidates of one prompt each, with words and features of their own. */
function poolOf(n: number, seed = 1, dimension = 3): Candidate[] {
	const random = new Random(seed);
	return Array.from({ length: n }, (_, i) => ({
		id: `pair ${seed}-${i}`,
		promptId: `prompt ${seed}-${i}`,
		aId: `a ${seed}-${i}`,
		bId: `b ${seed}-${i}`,
		aText: `here is story number ${i} of one`,
		bText: `there was another tale called ${i}`,
		difference: Float64Array.from({ length: dimension }, () => random.normal())
	}));
}

const learned = RewardPosterior.fit(
	{ rows: [Float64Array.of(1, 0, 0), Float64Array.of(0, 1, 0)], y: [1, 0] },
	3,
	1
);

const state = (change: Partial<SelectionState> = {}): SelectionState => ({
	pool: poolOf(60),
	asked: [],
	posterior: learned,
	mixture: DEFAULT_MIXTURE,
	seed: 5,
	step: 0,
	...change
});

function chosen(from: SelectionState): Choice {
	const choice = choosePair(from);
	if (!('propensity' in choice)) {
		throw new Error(choice.reason);
	}
	return choice;
}

const asAsked = (candidate: Candidate, change: Partial<AskedPair> = {}): AskedPair => ({
	...candidate,
	outcome: 'a',
	aSide: 'left',
	...change
});

/** Asks n pairs one after the other, each answered a. */
function askMany(n: number, from: SelectionState, refill: (step: number) => Candidate[]) {
	let { pool, asked } = from;
	const choices: Choice[] = [];
	for (let step = 0; step < n; step++) {
		pool = [...pool, ...refill(step)];
		const choice = choosePair({ ...from, pool, asked, step });
		if (!('propensity' in choice)) {
			continue;
		}
		choices.push(choice);
		const { candidate, repeats } = choice;
		pool = pool.filter((c) => c !== candidate);
		const next = candidate
			? asAsked(candidate)
			: { ...repeats, id: `again ${step}`, repeatOf: repeats.id };
		asked = [...asked, next];
	}
	return { choices, asked, pool };
}

describe('the mixture', () => {
	test('keeps its shares over many steps', () => {
		const steps = 600;
		const { choices } = askMany(steps, state({ pool: poolOf(40, 2) }), (step) =>
			poolOf(1, 1000 + step)
		);
		const share = (...kinds: string[]) =>
			choices.filter(({ reason }) => kinds.includes(reason.kind)).length / choices.length;
		expect(choices.length).toBeGreaterThan(0.95 * steps);
		// No candidates share a completion here, so that the triangles' tenth goes to the others.
		expect(Math.abs(share('random') - 0.3 / 0.9)).toBeLessThan(0.06);
		expect(Math.abs(share('bald') - 0.5 / 0.9)).toBeLessThan(0.06);
		expect(Math.abs(share('repeat') - 0.1 / 0.9)).toBeLessThan(0.04);
	});

	test('refuses less than a fifth at random and shares that do not add up', () => {
		assertMixture(DEFAULT_MIXTURE);
		expect(() => assertMixture({ ...DEFAULT_MIXTURE, random: 0.1, active: 0.7 })).toThrow(
			RangeError
		);
		expect(() => assertMixture({ ...DEFAULT_MIXTURE, active: 0.9 })).toThrow(RangeError);
		expect(() => assertMixture({ ...DEFAULT_MIXTURE, random: 1.1, active: -0.3 })).toThrow(
			RangeError
		);
	});

	test('is a function of state, seed and step, whatever the order of the pool', () => {
		for (let step = 0; step < 20; step++) {
			const one = chosen(state({ step }));
			const other = chosen(state({ step, pool: poolOf(60).toReversed() }));
			expect(other.candidate?.id).toBe(one.candidate?.id);
			expect(other.reason).toEqual(one.reason);
		}
		const ids = (seed: number) =>
			Array.from({ length: 20 }, (_, step) => chosen(state({ step, seed })).candidate?.id);
		expect(ids(6)).not.toEqual(ids(5));
	});

	test('propensities are the shares in which choices are really made', () => {
		const counts = new Map<string, { n: number; propensity: number }>();
		const draws = 4000;
		for (let step = 0; step < draws; step++) {
			const { candidate, propensity } = chosen(state({ pool: poolOf(12), step }));
			const key = candidate?.id ?? '';
			counts.set(key, { n: (counts.get(key)?.n ?? 0) + 1, propensity });
		}
		let sum = 0;
		for (const { n, propensity } of counts.values()) {
			expect(Math.abs(n / draws - propensity)).toBeLessThan(0.02);
			sum += propensity;
		}
		expect(sum).toBeCloseTo(1, 12);
	});
});

describe('the random stream', () => {
	test('waits for candidates of its reserve rather than take what others left', () => {
		const open = poolOf(60).filter((c) => !isReserved(c, DEFAULT_MIXTURE, 5));
		const choices = Array.from({ length: 60 }, (_, step) =>
			choosePair(state({ pool: open, step }))
		);
		const reasons = new Set(
			choices.map(({ reason }) => (typeof reason === 'string' ? reason : reason.kind))
		);
		expect(reasons).toEqual(new Set(['no-random-candidates', 'bald']));
		const final = Array.from({ length: 60 }, (_, step) =>
			chosen(state({ pool: open, step, isPoolFinal: true }))
		);
		expect(new Set(final.map(({ reason }) => reason.kind))).toEqual(new Set(['bald']));
	});

	test('is a fair sample of the pool though the active policy takes the extremes', () => {
		// D-optimal takes the largest feature differences first; their size is what a biased sample would show.
		const sizes: number[] = [];
		const left: number[] = [];
		for (let seed = 0; seed < 30; seed++) {
			const from = state({
				pool: poolOf(80, 100 + seed),
				seed,
				mixture: { ...DEFAULT_MIXTURE, activePolicy: 'd-optimal' }
			});
			const { choices, pool } = askMany(60, from, () => []);
			const size = ({ difference }: Candidate) => Math.hypot(...(difference ?? []));
			sizes.push(
				...choices.flatMap(({ candidate, reason }) =>
					reason.kind === 'random' && candidate ? [size(candidate)] : []
				)
			);
			left.push(...pool.filter((c) => !isReserved(c, from.mixture, seed)).map(size));
		}
		const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
		// Mean length of three standard normals: 2 sqrt(2 / pi).
		const truth = 2 * Math.sqrt(2 / Math.PI);
		expect(sizes.length).toBeGreaterThan(300);
		expect(Math.abs(mean(sizes) - truth)).toBeLessThan(0.1);
		expect(mean(left)).toBeLessThan(truth - 0.15);
	});

	test('holds the candidates of a group together', () => {
		const pool = poolOf(90).map((c, i) => ({ ...c, groupId: `group ${i % 30}` }));
		for (let group = 0; group < 30; group++) {
			const members = pool.filter(({ groupId }) => groupId === `group ${group}`);
			expect(new Set(members.map((c) => isReserved(c, DEFAULT_MIXTURE, 5))).size).toBe(1);
		}
		const reserved = poolOf(3000).filter((c) => isReserved(c, DEFAULT_MIXTURE, 5)).length;
		expect(Math.abs(reserved / 3000 - 0.3 / 0.9)).toBeLessThan(0.03);
	});
});

describe('the active policy', () => {
	const only = { ...DEFAULT_MIXTURE, random: 0.2, active: 0.8, repeat: 0, triangle: 0 };
	const firstActive = (from: SelectionState) => {
		for (let step = 0; ; step++) {
			const choice = chosen({ ...from, step });
			if (choice.reason.kind !== 'random') {
				return choice;
			}
		}
	};

	test('asks the pair with the highest score and says what it expects', () => {
		const pool = poolOf(40);
		const { candidate, reason } = firstActive(state({ pool, mixture: only }));
		const open = pool.filter((c) => !isReserved(c, only, 5));
		const scores = open.map((c) => bald(learned.lead(c.difference ?? new Float64Array(3))));
		expect(reason).toMatchObject({
			kind: 'bald',
			score: Math.max(...scores),
			compared: open.length
		});
		expect(candidate).toBe(open[scores.indexOf(Math.max(...scores))]);
	});

	test('leaves alone pairs with the same features on both sides', () => {
		const pool = poolOf(30).map((c) => ({ ...c, difference: new Float64Array(3) }));
		for (let step = 0; step < 30; step++) {
			const choice = choosePair(state({ pool, mixture: only, step }));
			expect('propensity' in choice && choice.reason.kind).toBe('random');
		}
	});

	test('takes any pair while nothing is known', () => {
		expect(firstActive(state({ posterior: null })).reason).toEqual({ kind: 'warm-up' });
		const pool = poolOf(30).map((c) => ({ ...c, difference: null }));
		expect(firstActive(state({ pool })).reason).toEqual({ kind: 'warm-up' });
	});

	test('does not fill the queue with one question asked in many ways', () => {
		// Nearly one direction twenty times, and three others of lower score.
		const random = new Random(8);
		const pool = poolOf(60, 9).map((c, i) => {
			const noise = () => 0.01 * random.normal();
			const along = [noise(), noise(), 4 + noise()];
			const others = [3 + noise(), 3 + noise(), noise()];
			return { ...c, difference: Float64Array.from(i % 4 === 0 ? others : along) };
		});
		const isAlong = ({ difference }: Candidate) => (difference?.[2] ?? 0) > 2;
		const scoresOf = (candidates: Candidate[]) =>
			candidates.map(({ difference }) => dOptimal(learned.lead(difference ?? new Float64Array(3))));
		expect(Math.min(...scoresOf(pool.filter(isAlong)))).toBeGreaterThan(
			Math.max(...scoresOf(pool.filter((c) => !isAlong(c))))
		);
		const mixture = { ...only, activePolicy: 'd-optimal' } as const;
		const asked = chooseQueue(state({ pool, mixture }), 10).flatMap(({ candidate, reason }) =>
			candidate && reason.kind === 'd-optimal' ? [isAlong(candidate)] : []
		);
		expect(asked.length).toBeGreaterThan(4);
		expect(new Set(asked)).toEqual(new Set([true, false]));
	});
});

describe('repeats', () => {
	const only = { ...DEFAULT_MIXTURE, random: 0.2, active: 0, repeat: 0.8, triangle: 0 };
	const asked = poolOf(30, 3).map((c) => asAsked(c));
	const repeatsOf = (history: AskedPair[]) =>
		Array.from({ length: 40 }, (_, step) =>
			chosen(state({ asked: history, mixture: only, step }))
		).flatMap((choice) => (choice.candidate === null ? [choice] : []));

	test('are old answered pairs with their sides swapped', () => {
		const history = asked.map((pair, i) => ({ ...pair, aSide: i % 2 ? 'left' : 'right' }) as const);
		const repeats = repeatsOf(history);
		expect(repeats.length).toBeGreaterThan(20);
		for (const { repeats: pair, aSide, reason } of repeats) {
			const place = history.findIndex(({ id }) => id === pair.id);
			expect(place).toBeLessThan(30 - LEAST_REPEAT_GAP);
			expect(aSide).not.toBe(pair.aSide);
			expect(reason).toEqual({ kind: 'repeat', answersAgo: 30 - place });
		}
	});

	test('are never of skipped, revoked or repeated pairs, nor of the last ten', () => {
		const [first, second, third, fourth] = asked;
		if (!first || !second || !third || !fourth) {
			throw new Error('too few pairs');
		}
		const history: AskedPair[] = [
			{ ...first, outcome: 'skip' },
			{ ...second, outcome: null },
			third,
			{ ...fourth, outcome: 'tie' },
			{ ...third, id: 'again', repeatOf: third.id },
			...asked.slice(-LEAST_REPEAT_GAP)
		];
		expect(new Set(repeatsOf(history).map(({ repeats }) => repeats.id))).toEqual(
			new Set([fourth.id])
		);
	});
});

describe('triangles', () => {
	const only = { ...DEFAULT_MIXTURE, random: 0.2, active: 0, repeat: 0, triangle: 0.8 };

	/** Three completions a prompt, written together: three candidates of one group. */
	const triples = (n: number): Candidate[] =>
		Array.from({ length: n }, (_, t) => {
			const text = (k: number) => `${['red', 'blue', 'green'][k]} story ${t} with words of ${k}`;
			return [
				[0, 1],
				[1, 2],
				[0, 2]
			].map(([a = 0, b = 0]) => ({
				id: `${t}: ${a}-${b}`,
				promptId: `prompt ${t}`,
				groupId: `triple ${t}`,
				aId: `${t}.${a}`,
				bId: `${t}.${b}`,
				aText: text(a),
				bText: text(b),
				difference: null
			}));
		}).flat();

	test('are opened and then closed within a prompt', () => {
		const pool = triples(20);
		const start = pool.find((c) => !isReserved(c, only, 5));
		const from = state({ pool, mixture: only, asked: start ? [asAsked(start)] : [] });
		const { choices, asked } = askMany(30, { ...from, isPoolFinal: true }, () => []);
		const stages = choices.flatMap(({ reason }) =>
			reason.kind === 'triangle' ? [reason.stage] : []
		);
		expect(stages.slice(0, 2)).toEqual(['opens', 'closes']);
		const decisions = asked.map(({ promptId, aId, bId }) => ({
			promptId,
			aId,
			bId,
			outcome: 'a' as const
		}));
		expect(closedTriads(decisions).closed).toBeGreaterThan(0);
	});

	test('are looked for among candidates that share a completion, and nowhere else', () => {
		const choice = choosePair(
			state({ pool: poolOf(20), asked: [asAsked(triples(1)[0] as Candidate)], mixture: only })
		);
		expect('propensity' in choice && choice.reason.kind).toBe('random');
	});
});

describe('what is never asked', () => {
	test('a pair of near-duplicates, or one that was asked before', () => {
		const [first, second] = poolOf(2, 4);
		if (!first || !second) {
			throw new Error('no pool');
		}
		const twins = { ...first, bText: `${first.aText}!` };
		const again = { ...second, id: 'copy', aText: second.bText, bText: second.aText };
		const none = choosePair(
			state({ pool: [twins, again], asked: [asAsked(second)], isPoolFinal: true })
		);
		expect(none).toEqual({ value: null, reason: 'no-candidates' });
	});
});

describe('the queue', () => {
	test('takes each candidate once, and a pair is repeated once in it', () => {
		const asked = poolOf(40, 6).map((c) => asAsked(c));
		const queue = chooseQueue(state({ asked }), 25);
		const keys = queue.map(({ candidate, repeats }) => candidate?.id ?? `again ${repeats?.id}`);
		expect(queue).toHaveLength(25);
		expect(new Set(keys).size).toBe(25);
		expect(queue).toEqual(chooseQueue(state({ asked }), 25));
	});

	test('ends where candidates do', () => {
		const queue = chooseQueue(state({ pool: poolOf(4), isPoolFinal: true }), 10);
		expect(queue).toHaveLength(4);
	});
});
