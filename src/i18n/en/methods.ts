/** Words of the pages about methods; what they say about each is in the catalogue (`src/learn/methods`). */
export const methods = {
	title: 'Methods',
	lead: 'Ways to tune a model, each on one page.',
	back: 'Back to Learn',
	formula: 'Formula',
	where: 'where',
	deviations: 'What differs from the papers here',
	noDeviations: 'Nothing.',
	papers: 'Papers',
	measures: 'What its charts show',
	settings: 'What its settings do',
	advanced: 'Settings for later',
	presets: 'Presets',
	take: (label: string) => `Tune with ${label}`,
	seeAlso: 'See it move'
};
