import { describe, expect, test } from 'vitest';
import { labReport, type LabRun } from '../../../src/core/evaluation/planted';
import { labRun, plantedLab } from '../../../workers/jobs/planted-lab';

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

describe('the planted-failure lab', () => {
	test(
		'monitors tell planted runs from clean ones, and clean runs get better',
		{ timeout: 120_000 },
		async () => {
			const signal = new AbortController().signal;
			const runs = await plantedLab({ runs: 12, strength: 2.5, seed: 4 }, signal);
			const report = labReport(runs);
			expect(report.auc?.value).toBeGreaterThan(0.9);
			expect(report.falseAlarms.estimate).toBeLessThanOrEqual(1 / 12);
			const gains = (isPlanted: boolean) =>
				runs.filter((run) => run.isPlanted === isPlanted).map(({ goldGain }) => goldGain);
			expect(mean(gains(false))).toBeGreaterThan(0.5);
			expect(mean(gains(true))).toBeLessThan(0);
			// What trained has risen in every run, planted or not.
			expect(runs.every(({ proxyGain }) => proxyGain > 0)).toBe(true);
		}
	);

	test('the same seed is the same run; another is another', { timeout: 60_000 }, async () => {
		const first = await labRun(3, 1);
		expect(await labRun(3, 1)).toEqual(first);
		expect((await labRun(4, 1)).proxyGain).not.toBe(first.proxyGain);
	});

	test('can be stopped', async () => {
		const signal = AbortSignal.abort();
		await expect(plantedLab({ runs: 2, strength: 1, seed: 1 }, signal)).rejects.toMatchObject({
			code: 'aborted'
		});
	});
});

test('the report counts alarms by kind and by monitor', () => {
	const run = (isPlanted: boolean, score: number, alarms: LabRun['alarms']): LabRun => ({
		...{ isPlanted, score, alarms, goldGain: 0, proxyGain: 0 }
	});
	const report = labReport([
		run(true, 3, ['repetition', 'length']),
		run(true, 0.5, []),
		run(false, 1.2, ['length']),
		run(false, 0.1, [])
	]);
	// Of 4 pairs of a planted and a clean run three are in order.
	expect(report.auc?.value).toBe(0.75);
	expect(report).toMatchObject({ clean: 2, planted: 2 });
	expect([report.detected.estimate, report.falseAlarms.estimate]).toEqual([0.5, 0.5]);
	expect(report.byMonitor).toEqual(
		expect.arrayContaining([
			{ monitor: 'length', planted: 1, clean: 1 },
			{ monitor: 'repetition', planted: 1, clean: 0 }
		])
	);
	expect(labReport([run(true, 1, [])]).auc).toBeNull();
});
