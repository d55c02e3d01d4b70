/**
 * The engine's benchmark: every number of the engine's table, side by side with jax-js and TensorFlow.js in one browser.
 * usage: npm run bench -- [--quick] [--only TEXT] [--json FILE]
 */
import { startBenchBrowser, type BenchBrowser } from './bench/browser';
import { SECTIONS, type SectionSpec } from './bench/catalogue';
import { runGpuBench } from './bench/gpu/child';
import { USAGE, readOptions, selected, type BenchOptions } from './bench/options';
import { report } from './bench/report';
import { failures, rowsWith, toRows, type Measurements } from './bench/rows';

const say = (line: string) => console.log(line);
const GPU_SECTION = 'card';
const GPU_LIMIT_MS = 600_000;

/** Rows of one section; what goes wrong is the reason of each of them. */
async function measure(
	browser: BenchBrowser,
	{ name, place, needsGpu, limitS, rows }: SectionSpec,
	{ isQuick }: BenchOptions
): Promise<Measurements> {
	const limitMs = 1000 * (isQuick ? limitS.quick : limitS.full);
	const started = performance.now();
	try {
		if (needsGpu && !browser.hasGpu) {
			return rowsWith(rows, { absent: 'this browser found no graphics adapter' });
		}
		return await browser.run(name, { isQuick, limitMs, place, say });
	} catch (cause) {
		const message = cause instanceof Error ? cause.message : String(cause);
		const firstLine = message.replace(/^page\.evaluate: /, '').split('\n')[0] ?? '';
		return rowsWith(rows, { failed: firstLine.replace(/^(Error: )+/, '') });
	} finally {
		say(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
	}
}

async function measureInBrowser(
	sections: readonly SectionSpec[],
	options: BenchOptions
): Promise<Measurements> {
	const measured: Measurements = {};
	const browser = await startBenchBrowser();
	try {
		for (const section of sections) {
			Object.assign(measured, await measure(browser, section, options));
		}
	} finally {
		await browser.close();
	}
	return measured;
}

let options: BenchOptions;
try {
	options = readOptions(process.argv.slice(2));
} catch (cause) {
	console.error(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
	process.exit(2);
}
const sections = selected(SECTIONS, options.only);
const isGpuAsked = options.only === null || options.only === GPU_SECTION;
if (sections.length === 0 && !isGpuAsked) {
	const names = [...SECTIONS.map(({ name }) => name), GPU_SECTION].join(', ');
	console.error(`no section or row is named "${options.only ?? ''}"; the sections are ${names}`);
	process.exit(2);
}
const specs = sections.flatMap((section) => section.rows);
const measured = sections.length > 0 ? await measureInBrowser(sections, options) : {};
const gpu = isGpuAsked
	? await runGpuBench({ isQuick: options.isQuick, limitMs: GPU_LIMIT_MS })
	: { rows: [], isComplete: true };
await report({
	rows: [...toRows(specs, measured), ...gpu.rows],
	failed: [
		...failures(specs, measured),
		...(gpu.isComplete ? [] : ['the graphics card (npm run bench:gpu)'])
	],
	json: options.json
});
