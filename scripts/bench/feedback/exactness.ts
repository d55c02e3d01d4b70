/** The statistics against values worked by hand, and against three real annotators where their answers are at hand. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fairCoinTest } from '../../../src/core/evaluation/binomial';
import { kappa, krippendorffAlpha, percentAgreement } from '../../../src/core/feedback/agreement';
import { noiseEstimate } from '../../../src/core/feedback/noise';
import { circularTriads, consistence } from '../../../src/core/feedback/triads';
import { alphaOverPairs } from '../../../tests/unit/core/feedback/alpha-over-pairs';
import { rowsWith, type Measurements, type RowSpec } from '../rows';

const EXACT: RowSpec['target'] = { is: '<=', value: 1e-12 };
const PANDALM = 'data/preference/pandalm_testset-v1.json';

const HAND_ROWS: RowSpec[] = ['kappa', 'alpha', 'triads', 'left/right bias', 'noise estimate'].map(
	(name) => ({ name: `${name}, largest error against hand-worked values`, unit: '', target: EXACT })
);
const PANDALM_ROWS: RowSpec[] = [
	{ name: 'PandaLM, agreement of three annotators', unit: 'share', target: null },
	{ name: 'PandaLM, mean Cohen kappa of three pairs', unit: '', target: null },
	{ name: 'PandaLM, Krippendorff alpha, nominal', unit: '', target: null },
	{ name: 'PandaLM, Krippendorff alpha, ordinal', unit: '', target: null },
	{ name: 'PandaLM, largest difference from an independent count', unit: '', target: EXACT }
];

export const EXACTNESS_ROWS: RowSpec[] = [...HAND_ROWS, ...PANDALM_ROWS];

/** [found, worked by hand] */
type Pair = [number | null, number];

const repeated = <T>(...counts: [T, number][]): T[] =>
	counts.flatMap(([value, n]) => Array.from({ length: n }, () => value));

function handWorked(): Record<string, Pair[]> {
	// A table of 20, 5, 10, 15: observed 0.7, expected 0.5.
	const first = repeated(['a', 25], ['b', 25]);
	const second = repeated(['a', 20], ['b', 5], ['a', 10], ['b', 15]);
	// Krippendorff's published example: four observers, twelve items, gaps.
	const rows = [
		[1, 2, 3, 3, 2, 1, 4, 1, 2, null, null, null],
		[1, 2, 3, 3, 2, 2, 4, 1, 2, 5, null, 3],
		[null, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, null],
		[1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, null]
	];
	const units = Array.from({ length: 12 }, (_, u) => rows.map((row) => row[u] ?? null));
	const repeats = (same: number, other: number) =>
		repeated<{ first: 'a'; second: 'a' | 'b' }>(
			[{ first: 'a', second: 'a' }, same],
			[{ first: 'a', second: 'b' }, other]
		);
	return {
		kappa: [
			[kappa(first, second).value, 0.4],
			[kappa(['a', 'b'], ['b', 'a']).value, -1]
		],
		alpha: [
			[krippendorffAlpha(units, 'nominal').value, 0.743421052631579],
			[krippendorffAlpha(units, 'ordinal').value, 0.8153875037548813],
			[krippendorffAlpha(units, 'interval').value, 0.8491071428571428]
		],
		triads: [
			[circularTriads([4, 3, 2, 1, 0]), 0],
			[circularTriads([2, 2, 2, 2, 2]), 5],
			[consistence([3, 1, 1, 1]).value, 0.5]
		],
		'left/right bias': [
			[fairCoinTest(0, 5), 2 / 32],
			[fairCoinTest(8, 10), 112 / 1024],
			[fairCoinTest(1, 10), 22 / 1024]
		],
		'noise estimate': [
			[noiseEstimate(repeats(82, 18)).value, 0.1],
			[noiseEstimate(repeats(17, 8)).value, 0.2]
		]
	};
}

function pandaLm(shelf: string | undefined, say: (line: string) => void): Measurements {
	const file = join(shelf ?? '', PANDALM);
	if (!shelf || !existsSync(file)) {
		return rowsWith(PANDALM_ROWS, {
			absent: "TILLER_SHELF names no folder with PandaLM's test set"
		});
	}
	const rows = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>[];
	// 0 is a tie, which lies between the two.
	const label = { 0: 0, 1: 1, 2: -1 } as Readonly<Record<number, number>>;
	const units = rows.map((row) => [1, 2, 3].map((k) => label[row[`annotator${k}`] ?? NaN] ?? NaN));
	const column = (k: number): number[] => units.map((unit) => unit[k] ?? NaN);
	const kappas = [
		[0, 1],
		[0, 2],
		[1, 2]
	].map(([i = 0, j = 0]) => kappa(column(i), column(j)).value ?? NaN);
	const agreement = percentAgreement(units).value ?? NaN;
	const nominal = krippendorffAlpha(units, 'nominal').value ?? NaN;
	const ordinal = krippendorffAlpha(units, 'ordinal').value ?? NaN;
	const pairs = units.flatMap(([x, y, z]) => [x === y, x === z, y === z]);
	const differences = [
		nominal - alphaOverPairs(units, 'nominal'),
		ordinal - alphaOverPairs(units, 'ordinal'),
		agreement - pairs.filter(Boolean).length / pairs.length
	];
	say(
		`\nPandaLM: ${units.length} pairs, three annotators; kappa ${kappas.map((k) => k.toFixed(4)).join(', ')}`
	);
	return {
		'PandaLM, agreement of three annotators': agreement,
		'PandaLM, mean Cohen kappa of three pairs': kappas.reduce((sum, k) => sum + k, 0) / 3,
		'PandaLM, Krippendorff alpha, nominal': nominal,
		'PandaLM, Krippendorff alpha, ordinal': ordinal,
		'PandaLM, largest difference from an independent count': Math.max(...differences.map(Math.abs))
	};
}

export function measureExactness(say: (line: string) => void): Measurements {
	const hand = Object.entries(handWorked()).map(([name, pairs]) => [
		`${name}, largest error against hand-worked values`,
		Math.max(...pairs.map(([found, worked]) => Math.abs((found ?? NaN) - worked)))
	]);
	return {
		...(Object.fromEntries(hand) as Measurements),
		...pandaLm(process.env['TILLER_SHELF'], say)
	};
}
