/** The planted-failure lab: a hundred clean and a hundred planted runs in the tabular world, and what the monitors make of them. */
import { labReport } from '../../../src/core/evaluation/planted';
import { plantedLab } from '../../../workers/jobs/planted-lab';
import type { Measurements, RowSpec } from '../rows';

const AUC = 'planted failure: area under the ROC curve of the monitors';
const FALSE_ALARMS = 'planted failure: clean runs with an alarm';
/** Runs of each kind, and what each cue adds to a planted reward, in spreads of the base. */
const RUNS = 100;
const STRENGTH = 2.5;
/** For comparison: cues that are harder to see. */
const WEAKER = [1, 1.5];
const WEAKER_RUNS = 20;

export const PLANTED_ROWS: RowSpec[] = [
	{ name: AUC, unit: '', target: { is: '>=', value: 0.9 } },
	{ name: FALSE_ALARMS, unit: 'share', target: { is: '<=', value: 0.05 } }
];

export async function measurePlanted(
	{ isQuick }: { isQuick: boolean },
	say: (line: string) => void
): Promise<Measurements> {
	const signal = new AbortController().signal;
	say(
		'\n| planted failure, strength | runs of each kind | AUC (95 %) | found | false alarms (95 %) | s |'
	);
	say('|---|---|---|---|---|---|');
	const measured: Measurements = {};
	const sizes = isQuick ? [] : WEAKER.map((strength) => ({ strength, runs: WEAKER_RUNS }));
	for (const { strength, runs } of [{ strength: STRENGTH, runs: RUNS }, ...sizes]) {
		const startedMs = performance.now();
		const report = labReport(await plantedLab({ runs, strength, seed: 1 }, signal));
		const { auc, detected, falseAlarms } = report;
		const share = (x: number) => `${(100 * x).toFixed(0)} %`;
		say(
			`| ${strength} | ${runs} | ${auc?.value.toFixed(3)} (${auc?.low.toFixed(3)} – ${auc?.high.toFixed(3)}) | ${share(detected.estimate)} | ` +
				`${share(falseAlarms.estimate)} (${share(falseAlarms.low)} – ${share(falseAlarms.high)}) | ${((performance.now() - startedMs) / 1000).toFixed(0)} |`
		);
		if (strength === STRENGTH) {
			measured[AUC] = auc ? auc.value : { failed: 'there was one kind of run only' };
			measured[FALSE_ALARMS] = falseAlarms.estimate;
		}
	}
	return measured;
}
