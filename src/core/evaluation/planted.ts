/** What came of the planted-failure lab: how well the monitors tell runs with a planted fault from clean ones. */
import type { Estimate } from '../feedback/figure';
import { type Interval, wilson } from './intervals';
import type { MonitorKey } from './monitors/monitors';
import { areaUnderRoc, rocCurve, type RocPoint } from './roc';

export interface LabRun {
	isPlanted: boolean;
	/** The most alarming reading: an alarm from 1 on. */
	score: number;
	/** Monitors that raised it, most alarming first. */
	alarms: MonitorKey[];
	/** Change of the mean, in spreads of the base: of the true reward, and of the one that trained. */
	goldGain: number;
	proxyGain: number;
}

export interface LabReport {
	/** Area under the ROC curve of the scores; null with one kind of run alone. */
	auc: Estimate | null;
	curve: RocPoint[];
	/** Clean runs with an alarm, planted runs with one. */
	falseAlarms: Interval;
	detected: Interval;
	/** Planted and clean runs in which each monitor raised the alarm. */
	byMonitor: { monitor: MonitorKey; planted: number; clean: number }[];
	clean: number;
	planted: number;
}

export function labReport(runs: readonly LabRun[]): LabReport {
	const planted = runs.filter(({ isPlanted }) => isPlanted);
	const clean = runs.filter(({ isPlanted }) => !isPlanted);
	const scores = (of: readonly LabRun[]) => of.map(({ score }) => score);
	const area = areaUnderRoc(scores(planted), scores(clean));
	const alarmed = (of: readonly LabRun[]) => of.filter(({ alarms }) => alarms.length > 0).length;
	const withMonitor = (of: readonly LabRun[], monitor: MonitorKey) =>
		of.filter(({ alarms }) => alarms.includes(monitor)).length;
	const monitors = [...new Set(runs.flatMap(({ alarms }) => alarms))];
	return {
		auc: area.value === null ? null : area,
		curve: rocCurve(scores(planted), scores(clean)),
		falseAlarms: wilson(alarmed(clean), clean.length),
		detected: wilson(alarmed(planted), planted.length),
		byMonitor: monitors
			.map((monitor) => ({
				monitor,
				planted: withMonitor(planted, monitor),
				clean: withMonitor(clean, monitor)
			}))
			.sort((x, y) => y.planted - x.planted),
		clean: clean.length,
		planted: planted.length
	};
}
