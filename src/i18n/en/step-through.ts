export const stepThrough = {
	title: 'One step, token by token',
	lead: 'A few texts as tuning sees them: what each token cost, what was expected, what came of it, and how the update moves it. Every number is made by the functions that train.',
	back: 'Back to Tune',
	needsReward: 'This needs a reward model, which scores the texts.',
	goReward: 'Train one',
	writtenBy: 'Written by',
	write: 'Write eight texts',
	writeOthers: 'Write others',
	writing: 'Writing and scoring…',
	busy: 'A run is using the engine. Pause or stop it first.',
	texts: 'Texts',
	textLabel: (n: number, score: string) => `Text ${n}, score ${score}`,
	learned: 'learned from',
	scored: (score: string) => `score ${score}`,
	turn: 'Turn a knob',
	turnLead: 'The same texts, worked out again at once.',
	asBefore: 'As before',
	knobs: {
		beta: 'Price of drifting, beta',
		clipRange: 'Clip, epsilon',
		lambda: 'Look ahead, lambda',
		gamma: 'Patience, gamma'
	},
	knobHelp: {
		beta: 'Taken off the reward of each token for every nat of drift. At 0 only the score counts.',
		clipRange:
			'How far an update may move a token before the clip holds it: the band in the strip of the ratio.',
		lambda:
			'How far back a surprise is credited: at 0 only to the token where it came, at 1 to all before it.',
		gamma: 'What a reward one token later is worth now.'
	},
	take: (n: number, total: number) => `Learn from minibatch ${n} of ${total}`,
	taking: 'Updating the weights…',
	noneLeft: 'All minibatches are learned from.',
	again: 'Back to the start',
	takenLine: (rows: string, norm: string) => `Learned from texts ${rows}; gradient ${norm} long.`,
	strips: {
		kl: 'drift',
		prefix: 'score so far',
		value: 'expected',
		reward: 'reward',
		delta: 'surprise',
		advantage: 'advantage',
		ratio: 'ratio'
	},
	symbols: {
		kl: 'KL',
		prefix: 'r(x, y≤t)',
		value: 'V',
		reward: 'r',
		delta: 'δ',
		advantage: 'A',
		ratio: 'ρ'
	},
	stripHelp: {
		kl: 'How much likelier the model makes this token than the base does, in nats.',
		prefix:
			'What the reward model would say if the text ended here. Tuning is told only the last one.',
		value: 'What the critic, before the token, thinks is still to come. A fresh critic expects 0.',
		reward: 'The price of drifting; at the last token the score is added.',
		delta: 'Reward and what is expected next, less what was expected: the surprise of this token.',
		advantage:
			'Surprises from here on, fading with lambda, put on a common scale: what pulls the token up or pushes it down.',
		ratio:
			'How much likelier the token is now than when it was written. Outside the band the clip lets go.'
	},
	table: 'Every number of this text, token by token',
	token: 'token',
	clipped: 'clipped',
	move: 'Arrow keys go from token to token.',
	detail: (token: string) => `At ${token}`,
	position: (n: number, total: number) => `token ${n} of ${total}`,
	after: 'nothing comes after it',
	whitened: (value: string) => `on the common scale ${value}`,
	pulled: 'The update makes this token likelier.',
	pushed: 'The update makes this token less likely.',
	still: 'The clip holds it: this token no longer pulls.',
	alternatives: 'What might have stood here',
	alternativesLead: 'Probability when it was written, now, and by the base model.',
	old: 'written',
	now: 'now',
	reference: 'base',
	asking: 'Asking the model…',
	unknown: 'not asked before the first update',
	legendNow: 'now',
	legendOld: 'when written'
};
