/** `npm test`: set-up on a fresh clone, every check and every test, one after the other; the last line counts them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, ensureInstalled, requireNode, runTool } from './set-up.mjs';

const MINUTE_MS = 60_000;

/** @typedef {{ passed: number; failed: number; skipped: number }} Count */

const CHECKS = /** @type {const} */ ([
	['format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']],
	['lint', 'eslint/bin/eslint.js', ['--max-warnings', '0', '.']],
	['svelte-check', 'svelte-check/bin/svelte-check', ['--fail-on-warnings', '--output', 'human']],
	['worker types', 'typescript/bin/tsc', ['-p', 'workers']],
	['unused code', 'knip/bin/knip.js', []]
]);

/**
 * @param {number} code
 * @returns {Count}
 */
const asCount = (code) => ({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 });

/**
 * Tests of a project by Vitest's own report. A file that could not be loaded, a crash and an error outside every test
 * each count as one failure.
 * @param {string} file
 * @param {number} code
 * @returns {Count}
 */
function readReport(file, code) {
	let report;
	try {
		report = JSON.parse(readFileSync(file, 'utf8'));
	} catch {
		return { passed: 0, failed: 1, skipped: 0 };
	}
	/** @type {{ status: string; assertionResults: unknown[] }[]} */
	const files = report.testResults;
	const unloaded = files.filter(
		(result) => result.status === 'failed' && result.assertionResults.length === 0
	).length;
	const failed = report.numFailedTests + unloaded;
	return {
		passed: report.numPassedTests,
		failed: failed === 0 && code !== 0 ? 1 : failed,
		skipped: report.numPendingTests + report.numTodoTests
	};
}

/**
 * @param {string} project
 * @param {number} limitMs
 */
async function vitest(project, limitMs) {
	const folder = mkdtempSync(join(tmpdir(), 'tiller-test-'));
	const file = join(folder, 'report.json');
	const code = await runTool(
		'vitest/vitest.mjs',
		[
			'run',
			'--project',
			project,
			'--reporter=default',
			'--reporter=json',
			`--outputFile.json=${file}`
		],
		{ limitMs }
	);
	const count = readReport(file, code);
	rmSync(folder, { recursive: true, force: true });
	return count;
}

/** @type {(Count & { name: string; seconds: number })[]} */
const steps = [];

/**
 * @param {string} name
 * @param {() => Promise<Count>} action
 */
async function step(name, action) {
	console.log(`\n== ${name}`);
	const startMs = performance.now();
	const count = await action();
	steps.push({ name, ...count, seconds: (performance.now() - startMs) / 1000 });
}

requireNode();
await ensureInstalled();
const { chromiumAdvice } = await import('./chromium.mjs');
// Each of the checks keeps one core busy: two at a time, each next one when one ends.
const checks = CHECKS.values();
const checkOn = async () => {
	for (const [name, tool, args] of checks) {
		await step(name, async () =>
			asCount(await runTool(tool, [...args], { limitMs: 6 * MINUTE_MS }))
		);
	}
};
await Promise.all([checkOn(), checkOn()]);
await step('unit', () => vitest('unit', 8 * MINUTE_MS));
await step('build', async () => asCount(await build()));
const advice = chromiumAdvice();
for (const project of ['browser', 'e2e']) {
	await step(project, async () => {
		if (advice) {
			console.error(advice);
			return { passed: 0, failed: 1, skipped: 0 };
		}
		return vitest(project, 20 * MINUTE_MS);
	});
}

console.log('');
for (const { name, passed, failed, skipped, seconds } of steps) {
	const note = skipped > 0 ? `, ${skipped} skipped` : '';
	console.log(
		`${name.padEnd(14)} ${passed} passed, ${failed} failed${note}  (${seconds.toFixed(0)} s)`
	);
}
const total = (/** @type {'passed' | 'failed'} */ key) =>
	steps.reduce((sum, one) => sum + one[key], 0);
console.log(`${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = total('failed') === 0 ? 0 : 1;
