/**
 * The benchmark of the methods: golden values, the world with a known optimum, what answers teach on the small model, the
 * demonstration of over-optimisation, and the same answers through every method.
 * usage: npm run bench:methods [-- --quick] [--only TEXT] [--json FILE]   (about an hour and a half on two cores; --quick: ten minutes)
 */
import { CLOSED_FORM_ROWS, measureClosedForm } from './bench/methods/closed-form';
import { FIXTURE_ROWS, measureFixtures } from './bench/methods/fixtures';
import { FRONTIER_ROWS, measureFrontier } from './bench/methods/frontier';
import { goodhartRows, measureGoodhart } from './bench/methods/goodhart';
import { measurePlanted, PLANTED_ROWS } from './bench/methods/planted';
import { measureStories, storyRows } from './bench/methods/stories';
import { readOptions, selected } from './bench/options';
import { report } from './bench/report';
import { failures, rowsWith, toRows, type Measurements, type RowSpec } from './bench/rows';

const { isQuick, json, only } = readOptions(process.argv.slice(2));
const say = (line: string) => console.log(line);
const seeds = (full: number) => Array.from({ length: isQuick ? 1 : full }, (_, i) => i + 1);

interface Section {
	name: string;
	rows: readonly RowSpec[];
	measure: () => Promise<Measurements>;
}

/** Trying the command out on the larger model would take longer than all the rest. */
const LARGER_ROWS = storyRows('stories-2.6m');

const SECTIONS: readonly Section[] = [
	{ name: 'fixtures', rows: FIXTURE_ROWS, measure: () => measureFixtures(say) },
	{ name: 'closed form', rows: CLOSED_FORM_ROWS, measure: () => measureClosedForm(say) },
	{
		name: 'stories-1m',
		rows: storyRows('stories-1m'),
		measure: () => measureStories({ model: 'stories-1m', seeds: seeds(5), isQuick }, say)
	},
	{
		name: 'stories-2.6m',
		rows: LARGER_ROWS,
		measure: () =>
			isQuick
				? Promise.resolve(rowsWith(LARGER_ROWS, { absent: 'left out by --quick' }))
				: measureStories({ model: 'stories-2.6m', seeds: [1], isQuick }, say)
	},
	{
		name: 'over-optimisation',
		rows: goodhartRows(seeds(5).length),
		measure: () => measureGoodhart(seeds(5), say)
	},
	{
		name: 'planted failure',
		rows: PLANTED_ROWS,
		measure: () => measurePlanted({ isQuick }, say)
	},
	{
		name: 'frontier',
		rows: FRONTIER_ROWS,
		measure: () => measureFrontier(isQuick, say)
	}
];

const chosen = selected(SECTIONS, only);
const measured: Measurements = {};
for (const { rows, measure } of chosen) {
	const found = await measure();
	Object.assign(
		measured,
		Object.fromEntries(rows.map(({ name }) => [name, found[name] ?? { failed: 'not measured' }]))
	);
}
const specs = SECTIONS.flatMap(({ rows }) => rows);
const run = new Set(chosen.flatMap(({ rows }) => rows.map(({ name }) => name)));
for (const { name } of specs) {
	if (!run.has(name)) {
		measured[name] = { absent: `not asked for: --only ${only ?? ''}` };
	}
}
await report({ rows: toRows(specs, measured), failed: failures(specs, measured), json });
