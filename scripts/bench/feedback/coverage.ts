/** Does the forecast's 80 % interval hold the truth? Simulated annotators of differing taste and noise, each asked three times. */
import { forecastAnswers } from '../../../src/core/feedback/forecast';
import { deriveSeed, Random } from '../../../src/core/random';
import { answersToReach, learn, linearTask } from '../../../tests/unit/core/feedback/learning';
import type { Measurements, RowSpec } from '../rows';

const TARGET = 0.8;
const HORIZON = 700;
const ASKED_AFTER = [100, 150, 250];

export const COVERAGE_ROWS: RowSpec[] = [
	{
		name: 'forecasts whose 80 % interval holds the truth, of those given',
		unit: 'share',
		target: { is: '>=', value: 0.7 }
	},
	{ name: 'forecasts given, of those asked for', unit: 'share', target: null }
];

export function measureCoverage(annotators: number, say: (line: string) => void): Measurements {
	const total = { asked: 0, given: 0, held: 0 };
	const byTime = ASKED_AFTER.map(() => ({ given: 0, held: 0, closed: 0, cannotTell: 0 }));
	for (let annotator = 0; annotator < annotators; annotator++) {
		const random = new Random(deriveSeed(annotator, 'annotator of the benchmark'));
		const noise = { temperature: 0.1 + 0.25 * random.next(), lapse: 0.12 * random.next() };
		const task = linearTask([12, 24, 48][random.int(3)] ?? 24, noise, 5000 + annotator);
		const { answerAccuracy, stream } = learn(task, {
			policy: 'bald',
			randomShare: 1 / 3,
			answers: HORIZON,
			seed: 5000 + annotator,
			poolSize: 25,
			testPairs: 500
		});
		const truth = answersToReach(answerAccuracy, TARGET);
		ASKED_AFTER.forEach((answers, i) => {
			const seen = stream.filter((prediction) => prediction.answers < answers);
			const forecast = forecastAnswers(seen, { target: TARGET, answers });
			const at = byTime[i];
			total.asked++;
			if (!at) {
				return;
			}
			if (forecast.value === null) {
				at.cannotTell++;
				return;
			}
			const { low, high } = forecast.value;
			const more = Math.max(0, truth - answers);
			// A truth beyond what was simulated is held by an interval that reaches as far.
			const isHeld =
				more === Infinity
					? (high ?? Infinity) > HORIZON - answers
					: low <= more && more <= (high ?? Infinity);
			total.given++;
			total.held += isHeld ? 1 : 0;
			at.given++;
			at.held += isHeld ? 1 : 0;
			at.closed += high === null ? 0 : 1;
		});
	}
	say(`\nforecast of the answers to 80 %, ${annotators} simulated annotators`);
	say('| asked after | forecasts | of them with an end | hold the truth | "cannot tell yet" |');
	say('|---|---|---|---|---|');
	ASKED_AFTER.forEach((answers, i) => {
		const { given = 0, held = 0, closed = 0, cannotTell = 0 } = byTime[i] ?? {};
		say(`| ${answers} | ${given} | ${closed} | ${held} | ${cannotTell} |`);
	});
	return {
		'forecasts whose 80 % interval holds the truth, of those given': total.held / total.given,
		'forecasts given, of those asked for': total.given / total.asked
	};
}
