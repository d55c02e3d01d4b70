/**
 * The benchmark of the feedback: what active questions save, whether the forecast holds, whether the statistics
 * are exact, how soon the next pair is painted, and what files in and out take.
 * usage: npm run bench:feedback [-- --quick] [--json FILE]   (about ten minutes on two cores; --quick: two)
 */
import { ACTIVE_ROWS, measureActive } from './bench/feedback/active';
import { COVERAGE_ROWS, measureCoverage } from './bench/feedback/coverage';
import { EXACTNESS_ROWS, measureExactness } from './bench/feedback/exactness';
import { importRows, measureImport } from './bench/feedback/import';
import { measureNextPair, NEXT_PAIR_ROWS } from './bench/feedback/next-pair';
import { readOptions } from './bench/options';
import { report } from './bench/report';
import { failures, toRows } from './bench/rows';

const { isQuick, json } = readOptions(process.argv.slice(2));
const say = (line: string) => console.log(line);
const specs = [
	...NEXT_PAIR_ROWS,
	...ACTIVE_ROWS,
	...COVERAGE_ROWS,
	...EXACTNESS_ROWS,
	...importRows(isQuick)
];
const measured = {
	// First: its heap is counted over what others leave behind.
	...(await measureImport(isQuick, say)),
	...(await measureNextPair(say)),
	...measureExactness(say),
	...measureCoverage(isQuick ? 10 : 50, say),
	...measureActive(isQuick ? 4 : 20, say)
};
await report({ rows: toRows(specs, measured), failed: failures(specs, measured), json });
