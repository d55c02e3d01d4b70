export const reward = {
	lead: 'A second model reads your answers and learns to give the better text the higher score.',
	data: 'What it learns from',
	dataPrompts: (n: number) => (n === 1 ? 'answers on 1 prompt' : `answers on ${n} prompts`),
	dataTies: (n: number) =>
		n === 1 ? '1 tie, counted as half a win each way' : `${n} ties, each half a win each way`,
	dataSkips: (n: number) => `${n} skipped, left out`,
	dataRankings: (n: number) =>
		n === 1 ? '1 ranking, as all its pairs' : `${n} rankings, as all their pairs`,
	dataRewrites: (n: number) =>
		n === 1
			? '1 rewrite, better than what it rewrote'
			: `${n} rewrites, each better than what it rewrote`,
	dataUnpaired: (n: number) =>
		n === 1 ? '1 rating or thumb, not learned from' : `${n} ratings and thumbs, not learned from`,
	dataSimulated: (percent: string) => `${percent} of them simulated`,
	learnSimulated: (n: number) => `Learn from the ${n} simulated answers too`,
	dataNone: 'No answers yet. Compare a few pairs first.',
	dataFew: (n: number) =>
		`${n} answers are few: expect it to learn little more than luck. Forty is a fair start, a hundred is good.`,
	goCompare: 'Go to Compare',
	bar: {
		left: (n: number) => `${n} times the left text`,
		right: (n: number) => `${n} times the right one`
	},
	train: 'Train the reward model',
	trainAgain: 'Train again',
	settings: 'All settings',
	models: 'Reward models',
	model: 'Shown',
	modelName: (n: number) => `Reward model ${n}`,
	stale: 'Your answers have changed since this one was trained.',
	fresh: 'Trained on the answers as they are now.',
	lossTitle: 'How surprised it is by your answers',
	lossLines: { train: 'learned answers', heldOut: 'held-out prompts' },
	accuracyTitle: 'How often it agrees with you',
	heldOutNote: (n: number) =>
		n === 1
			? 'Held out: 1 answer on prompts it never saw in training.'
			: `Held out: ${n} answers on prompts it never saw in training.`,
	heldOutFew: 'With so few held-out answers this number jumps around; more answers steady it.',
	ceiling: (share: string, low: string, high: string) =>
		`Pairs that were answered twice set a ceiling here: ${share} (${low} to ${high}). No model can be seen to agree more with answers that change.`,
	ceilingMixed:
		'It is the ceiling of people’s answers; this model learned from simulated ones as well.',
	scoresTitle: 'What it learned to like',
	scoresLead:
		'Fresh texts by the base model, best first. Zero is its average story, one is a standard deviation.',
	scoresEmpty: 'The scores appear when the reward model is trained.',
	scoresAgain: 'Score other texts',
	scoring: 'Scoring…',
	summary: (accuracy: string, heldOut: string) =>
		`Agrees with ${accuracy} of the answers it learned, ${heldOut} of the held-out ones.`,
	recordedNext: 'Compare at least twenty pairs, then train your own here.',
	announce: (step: number, loss: string, accuracy: string) =>
		`Step ${step}: loss ${loss}, held-out agreement ${accuracy}.`
};
