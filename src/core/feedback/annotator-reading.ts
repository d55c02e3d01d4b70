/** What the settings of a simulated annotator come to, in shares of answers. Exact: probabilities over real pairs, nothing drawn. */
import { mean } from '../methods/math';
import type { AnnotatorModel, ReferencePair } from './annotator-model';

export interface AnnotatorReading {
	/** Answers thrown by coin. */
	coin: number;
	/** Of the answers that name a side, on pairs that its taste tells apart: those that name the one it holds better; null: none. */
	better: number | null;
	ties: number;
	/** Of the answers that name a side: those that name the left one; null where none does. */
	left: number | null;
	/** Answers that would be the same if the pair came back with its sides swapped. */
	same: number;
	pairs: number;
}

type Side = 'left' | 'right';

/** Over pairs in both orders on screen, after so many answers. Throws RangeError without pairs. */
export function readAnnotator(
	model: AnnotatorModel,
	pairs: readonly ReferencePair[],
	answersBefore: number
): AnnotatorReading {
	if (pairs.length === 0) {
		throw new RangeError('no pairs to read an annotator on');
	}
	const asked = pairs.map(([aText, bText]) => {
		const shown = (aSide: Side) => model.probability({ aText, bText, aSide, answersBefore });
		const [onLeft, onRight] = [shown('left'), shown('right')];
		const lead = model.gold(aText, answersBefore) - model.gold(bText, answersBefore);
		const namedA = (onLeft.a + onRight.a) / 2;
		const namedB = (onLeft.b + onRight.b) / 2;
		return {
			isTold: lead !== 0,
			named: namedA + namedB,
			better: lead > 0 ? namedA : namedB,
			left: (onLeft.a + onRight.b) / 2,
			tie: (onLeft.tie + onRight.tie) / 2,
			// Two showings are judged apart from each other.
			same: onLeft.a * onRight.a + onLeft.b * onRight.b + onLeft.tie * onRight.tie
		};
	});
	const told = asked.filter(({ isTold }) => isTold);
	const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);
	const sum = (values: readonly number[]): number => values.reduce((all, x) => all + x, 0);
	return {
		coin: model.lapse(answersBefore),
		better: ratio(sum(told.map(({ better }) => better)), sum(told.map(({ named }) => named))),
		ties: mean(asked.map(({ tie }) => tie)),
		left: ratio(sum(asked.map(({ left }) => left)), sum(asked.map(({ named }) => named))),
		same: mean(asked.map(({ same }) => same)),
		pairs: pairs.length
	};
}
