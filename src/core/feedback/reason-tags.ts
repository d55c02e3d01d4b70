/** What may have decided an answer: aspects, said of a choice, a tie or two bad texts alike. Free text goes beside them. */
export const REASON_TAGS = [
	'sense',
	'language',
	'story',
	'humour',
	'kindness',
	'fits-beginning',
	'ending',
	'repetition'
] as const;

export type ReasonTag = (typeof REASON_TAGS)[number];
