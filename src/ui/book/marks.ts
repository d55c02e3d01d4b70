/** The answers that a single page can have, with their keys: five marks of a scale, or two thumbs. Pure. */
import type { SetJudgement } from '../../core/records';
import { en } from '../../i18n/en';

export const RATING_SCALE = 5;

export interface Mark {
	id: string;
	sign: string;
	keys: readonly string[];
	label: string;
	given: SetJudgement;
}

export function ratingMarks(): Mark[] {
	return en.compare.rating.marks.map((label, i) => ({
		id: `rate-${i + 1}`,
		sign: String(i + 1),
		keys: [String(i + 1)],
		label,
		given: { kind: 'rating', value: i + 1, scale: RATING_SCALE }
	}));
}

export function thumbMarks(): Mark[] {
	const { down, up } = en.compare.thumb;
	return [
		{
			id: 'thumb-down',
			sign: '1',
			keys: ['1', 'ArrowLeft'],
			label: down,
			given: { kind: 'thumb', isUp: false }
		},
		{
			id: 'thumb-up',
			sign: '2',
			keys: ['2', 'ArrowRight'],
			label: up,
			given: { kind: 'thumb', isUp: true }
		}
	];
}
