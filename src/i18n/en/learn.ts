export const learn = {
	lead: 'The words and numbers of this studio, one line each.',
	loopTitle: 'The loop in five sentences',
	loop: [
		'A language model writes two continuations of the same beginning.',
		'You say which one you like better; that is all the guidance it will ever get.',
		'A reward model learns to predict your choices and can then score any text.',
		'PPO lets the language model write, scores the texts, and makes what scored well a little more likely, with a penalty for moving away from the base model (KL).',
		'You read both blind, see what came of it, and compare again.'
	],
	measures: 'What the charts show',
	otherMeasures: 'Everything else that is measured',
	settings: 'What the settings do',
	formula: 'Formula',
	source: 'Source',
	unit: 'Unit',
	up: 'higher is better',
	down: 'lower is better',
	default: (value: string) => `default ${value}`
};
