export const rounds = {
	title: 'Round again',
	lead: 'One turn of the loop is rarely enough: the tuned model writes other texts than the ones you judged. Go round: it writes, you answer where the reward model is unsure, everything is fitted anew, and tuning goes on.',
	round: (n: number, name: string) => `Round ${n} made ${name}.`,
	go: 'Go round again',
	checking: 'Looking at what it writes now…',
	asking: 'Your answers',
	fitting: 'Fitting the reward model to all answers…',
	tuning: 'Tuning on…',
	goOn: 'Fit and tune on',
	leave: 'Leave the round',
	steps: {
		checking: 'It writes, the reward model looks',
		asking: 'You answer',
		fitting: 'Fit on everything',
		tuning: 'Tune on'
	},
	unsure: (before: string, after: string) =>
		`The reward model is less sure of these texts than of the base model's: its heads disagree by ${after} against ${before}. It is time to ask you.`,
	sure: (before: string, after: string) =>
		`The reward model is as sure of these texts as of the base model's (${after} against ${before}): no new answers needed.`,
	unknown:
		'The reward model cannot say how unsure it is, for it has no ensemble; better to ask you.',
	answered: (n: number, wanted: number) => `${n} of ${wanted} pairs by the tuned model answered`,
	compare: 'Compare them',
	writes: (name: string) => `Until then ${name} writes the pairs in Compare.`,
	reference: 'Drift of the next round is measured from',
	referenceBase: 'the base model',
	referenceLast: "this round's model"
};
