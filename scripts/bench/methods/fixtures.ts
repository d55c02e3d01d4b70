/** How many of the golden files are met: those whose every test passes, read from the unit tests' own report. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Measurements, RowSpec } from '../rows';

const NAME = 'golden files whose every test passes';
const FILES = 17;

export const FIXTURE_ROWS: RowSpec[] = [
	{ name: NAME, unit: 'files', target: { is: '=', value: FILES } }
];

interface TestReport {
	testResults: { name: string; status: string }[];
}

/** Test files by the number of the golden file they read. */
async function readers(): Promise<Map<string, string[]>> {
	const found = new Map<string, string[]>();
	const files = await readdir('tests/unit', { recursive: true });
	for (const file of files.filter((name) => name.endsWith('.ts'))) {
		const source = await readFile(join('tests/unit', file), 'utf8');
		for (const [, number = ''] of source.matchAll(/golden\/(\d\d)_/g)) {
			found.set(number, [...(found.get(number) ?? []), join('tests/unit', file)]);
		}
	}
	return found;
}

export async function measureFixtures(say: (line: string) => void): Promise<Measurements> {
	const byFile = await readers();
	// A golden file may be read by a helper of tests: such a world is tried by the closed-form rows.
	const tests = [...new Set([...byFile.values()].flat())].filter((file) =>
		file.endsWith('.test.ts')
	);
	const folder = await mkdtemp(join(tmpdir(), 'tiller-bench-'));
	try {
		const output = join(folder, 'report.json');
		await new Promise<void>((resolve) => {
			const args = [
				'vitest',
				'run',
				'--project',
				'unit',
				'--reporter=json',
				`--outputFile=${output}`
			];
			// A failing test is a finding, not a fault of the benchmark.
			execFile('npx', [...args, ...tests], { maxBuffer: 1 << 26 }, () => resolve());
		});
		const report = JSON.parse(await readFile(output, 'utf8')) as TestReport;
		const passed = new Set(
			report.testResults
				.filter(({ status }) => status === 'passed')
				.map(({ name }) => relative(process.cwd(), name))
		);
		const met = [...byFile].filter(([, files]) =>
			files.every((file) => !file.endsWith('.test.ts') || passed.has(file))
		);
		const missing = Array.from({ length: FILES }, (_, i) => String(i + 1).padStart(2, '0')).filter(
			(number) => !met.some(([name]) => name === number)
		);
		say(
			`golden files met: ${met.length}${missing.length > 0 ? `; not: ${missing.join(', ')}` : ''}`
		);
		return { [NAME]: FILES - missing.length };
	} catch (cause) {
		return { [NAME]: { failed: String(cause) } };
	} finally {
		await rm(folder, { recursive: true });
	}
}
