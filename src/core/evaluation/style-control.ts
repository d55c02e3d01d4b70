/**
 * What an annotator rewards besides the writer: Bradley-Terry with features of style beside the strengths of the writers, as
 * Chatbot Arena's style control does (LMSYS 2024, "Does style matter?"). A feature of a pair is (a - b) / (a + b + 1) from
 * counts of both texts, divided by its root mean square over the pairs; ridge 0.5 on every coefficient, in log-odds units.
 * Deviations: features are not centred, so that calling the texts the other way round only turns signs. Intervals are Wald's,
 * from the curvature at the fit (the Arena's are a bootstrap); the ridge draws coefficients towards 0.
 */
import type { F } from '../methods/loss';
import { at } from '../methods/math';
import { Z_95 } from './intervals';
import { choleskyInverse } from './linear-algebra';
import { minimiseConvex } from './newton';
import { ridgeLogistic } from './ridge-logistic';

export type StyleFeature = 'length' | 'dialogue' | 'repetition';
export const STYLE_FEATURES: readonly StyleFeature[] = ['length', 'dialogue', 'repetition'];

/** How often each thing occurs in a text; all 0 or more. */
export type StyleCounts = Readonly<Record<StyleFeature, number>>;

export interface StyledComparison {
	a: StyleCounts;
	b: StyleCounts;
	/** Which checkpoint wrote a and b; the same one, or the same names throughout, say nothing about writers. */
	writerA: string;
	writerB: string;
	/** 1 a better, 0 b better, 0.5 a tie. */
	y: number;
}

export interface StyleCoefficient {
	feature: StyleFeature;
	/** Log-odds for one root mean square of the feature; above 0 = more of it wins. */
	value: number;
	low: number;
	high: number;
	/** The interval leaves 0 out. */
	isClear: boolean;
}

export type NoCoefficient = { feature: StyleFeature; value: null; reason: 'never-differed' };

export type StyleControl =
	| { value: (StyleCoefficient | NoCoefficient)[]; comparisons: number }
	| { value: null; reason: 'too-few' };

const RIDGE = 0.5;
/** Decided comparisons below which a coefficient's interval is wider than any taste. */
const LEAST_COMPARISONS = 20;

function relativeDifference(a: number, b: number): number {
	if (!(a >= 0 && b >= 0)) {
		throw new RangeError(`counts ${a} and ${b} of a style`);
	}
	return (a - b) / (a + b + 1);
}

/** Coefficients of length, dialogue and repetition, with the writers' strengths held constant. */
export function styleControl(comparisons: readonly StyledComparison[]): StyleControl {
	if (comparisons.filter(({ y }) => y !== 0.5).length < LEAST_COMPARISONS) {
		return { value: null, reason: 'too-few' };
	}
	const columns = STYLE_FEATURES.map((feature) => {
		const raw = Float64Array.from(comparisons, ({ a, b }) =>
			relativeDifference(a[feature], b[feature])
		);
		const scale = Math.sqrt(raw.reduce((sum, x) => sum + x * x, 0) / raw.length);
		return { feature, scaled: scale > 0 ? raw.map((x) => x / scale) : null };
	});
	const used = columns.flatMap(({ scaled }) => (scaled ? [scaled] : []));
	const writers = [...new Set(comparisons.flatMap(({ writerA, writerB }) => [writerA, writerB]))];
	const rows = comparisons.map(({ writerA, writerB }, i): F => {
		const lead = writers.map((name) => Number(name === writerA) - Number(name === writerB));
		return Float64Array.of(...used.map((column) => at(column, i)), ...lead);
	});
	const y = comparisons.map((comparison) => comparison.y);
	const size = used.length + writers.length;
	const { x, factor } = minimiseConvex(ridgeLogistic({ rows, y }, RIDGE), new Float64Array(size));
	const covariance = choleskyInverse(factor);
	const value = columns.map(({ feature, scaled }): StyleCoefficient | NoCoefficient => {
		if (!scaled) {
			return { feature, value: null, reason: 'never-differed' };
		}
		const k = used.indexOf(scaled);
		const coefficient = at(x, k);
		const half = Z_95 * Math.sqrt(at(covariance, k * size + k));
		const [low, high] = [coefficient - half, coefficient + half];
		return { feature, value: coefficient, low, high, isClear: low > 0 || high < 0 };
	});
	return { value, comparisons: comparisons.length };
}
