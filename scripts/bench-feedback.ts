/**
 * The benchmark of the feedback: what active questions save, whether the forecast holds, whether the statistics
 * are exact, how soon the next pair is painted, and what files in and out take.
 * usage: npm run bench:feedback [-- --quick] [--only TEXT] [--json FILE]   (about forty minutes on two cores; --quick: six)
 */
import { ACTIVE_ROWS, measureActive } from './bench/feedback/active';
import { COVERAGE_ROWS, measureCoverage } from './bench/feedback/coverage';
import { EXACTNESS_ROWS, measureExactness } from './bench/feedback/exactness';
import { importRows, measureImport } from './bench/feedback/import';
import { measureNextPair, NEXT_PAIR_ROWS } from './bench/feedback/next-pair';
import { readOptions, selected } from './bench/options';
import { report } from './bench/report';
import { failures, toRows, type Measurements, type RowSpec } from './bench/rows';

const { isQuick, json, only } = readOptions(process.argv.slice(2));
const say = (line: string) => console.log(line);

interface Section {
	name: string;
	rows: readonly RowSpec[];
	measure: () => Measurements | Promise<Measurements>;
}

const SECTIONS: readonly Section[] = [
	// First: its heap is counted over what others leave behind.
	{ name: 'import', rows: importRows(isQuick), measure: () => measureImport(isQuick, say) },
	{ name: 'next pair', rows: NEXT_PAIR_ROWS, measure: () => measureNextPair(say) },
	{ name: 'exactness', rows: EXACTNESS_ROWS, measure: () => measureExactness(say) },
	{
		name: 'coverage',
		rows: COVERAGE_ROWS,
		measure: () => measureCoverage(isQuick ? 10 : 50, say)
	},
	{ name: 'active', rows: ACTIVE_ROWS, measure: () => measureActive(isQuick ? 4 : 20, say) }
];

const sections = selected(SECTIONS, only);
const specs = sections.flatMap(({ rows }) => rows);
const measured: Measurements = {};
for (const { measure } of sections) {
	Object.assign(measured, await measure());
}
await report({ rows: toRows(specs, measured), failed: failures(specs, measured), json });
