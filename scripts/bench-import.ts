/**
 * Only the rows on import and round trips of the benchmark of the feedback.
 * usage: npm run bench:import [-- --quick] [--json FILE]   (about two minutes on two cores; --quick: 64 MB)
 */
import { importRows, measureImport } from './bench/feedback/import';
import { readOptions } from './bench/options';
import { report } from './bench/report';
import { failures, toRows } from './bench/rows';

const { isQuick, json } = readOptions(process.argv.slice(2));
const specs = importRows(isQuick);
const measured = await measureImport(isQuick, (line) => console.log(line));
await report({ rows: toRows(specs, measured), failed: failures(specs, measured), json });
