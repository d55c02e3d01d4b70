/** `npm run bench:gpu` as a part of `npm run bench`: a process of its own, since a driver may take its process down. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../set-up.mjs';
import type { Row } from '../rows';

export interface GpuReport {
	rows: Row[];
	/** All is measured, or this machine has no card to measure. */
	isComplete: boolean;
}

/** Rows of the graphics card; none if the process could not write them. */
export async function runGpuBench(o: { isQuick: boolean; limitMs: number }): Promise<GpuReport> {
	const folder = await mkdtemp(join(tmpdir(), 'tiller-bench-'));
	const file = join(folder, 'rows.json');
	try {
		const args = ['scripts/run-ts.mjs', 'scripts/bench-gpu.ts', '--json', file];
		const code = await exitCode([...args, ...(o.isQuick ? ['--quick'] : [])], o.limitMs);
		const rows = await readFile(file, 'utf8').then(
			(text) => JSON.parse(text) as Row[], // written by toJson
			() => []
		);
		return { rows, isComplete: code === 0 && rows.length > 0 };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

function exitCode(args: string[], limitMs: number): Promise<number> {
	return new Promise((resolve) => {
		// Its table is part of the whole one: only complaints are passed on.
		const child = spawn(process.execPath, args, {
			cwd: ROOT,
			stdio: ['ignore', 'ignore', 'inherit']
		});
		const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
		const end = (code: number | null) => {
			clearTimeout(timer);
			resolve(code ?? 1);
		};
		child.on('error', () => end(1));
		child.on('exit', end);
	});
}
