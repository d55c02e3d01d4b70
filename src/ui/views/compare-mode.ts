/** Ways to answer, as they stand in the address: #/compare is pairs, #/compare/ranking a ranking. */
import type { SetKind } from '../../core/records';

export const COMPARE_MODES = ['pair', 'ranking', 'rating', 'thumb', 'demonstration'] as const;
export type CompareMode = (typeof COMPARE_MODES)[number];

const PARTS: Readonly<Record<CompareMode, string>> = {
	pair: '',
	ranking: 'ranking',
	rating: 'rating',
	thumb: 'thumbs',
	demonstration: 'rewrite'
};

/** The page about how one answers. */
export const RELIABILITY_PART = 'reliability';

export function modeOf(part: string): CompareMode {
	return COMPARE_MODES.find((mode) => PARTS[mode] === part) ?? 'pair';
}

export function hrefOf(mode: CompareMode): string {
	return PARTS[mode] ? `#/compare/${PARTS[mode]}` : '#/compare';
}

export function isSetKind(mode: CompareMode): mode is SetKind {
	return mode !== 'pair';
}
