import type { MethodFamily, MethodNeed } from '../../learn/methods/method-entry';

const families: Record<MethodFamily, { title: string; text: string }> = {
	writes: {
		title: 'Writes, and is scored',
		text: 'The model writes new texts; the reward model, which has learned from your answers, scores them.'
	},
	answers: {
		title: 'Learns from your answers themselves',
		text: 'No reward model in between, and nothing written while it learns.'
	},
	imitates: { title: 'Imitates', text: 'Learns to write like texts it is given.' },
	compares: { title: 'Trains nothing', text: 'What choosing alone is worth.' }
};

const rows = (n: number, one: string, many: string) => (n === 1 ? `1 ${one}` : `${n} ${many}`);

const needs: Record<
	MethodNeed,
	{ has: (n: number) => string; missing: (n: number, needed: number) => string; go: string }
> = {
	'reward-model': {
		has: () => 'needs a reward model: there is one',
		missing: () => 'Needs a reward model, and there is none yet.',
		go: 'Train one'
	},
	pairs: {
		has: (n) => `learns from pairs: ${rows(n, 'pair', 'pairs')} at hand`,
		missing: (n, needed) => `Needs ${needed} compared pairs; there are ${n}.`,
		go: 'Compare some'
	},
	labels: {
		has: (n) => `learns from good and bad texts: ${n} at hand`,
		missing: (n, needed) => `Needs ${needed} texts called good or bad; there are ${n}.`,
		go: 'Give some thumbs'
	},
	texts: {
		has: (n) => `learns from texts to imitate: ${n} at hand`,
		missing: (n, needed) => `Needs ${needed} rewritten or chosen texts; there are ${n}.`,
		go: 'Rewrite or compare some'
	}
};

export const tune = {
	lead: 'The weights move a little towards what you like, on a leash that keeps the model near the one it was. There are several ways to do it.',
	families,
	needs,
	method: 'Method',
	chooseMethod: 'Choose a method',
	change: 'Change',
	aboutMethod: (label: string) => `About ${label}`,
	howItWorks: 'How it works',
	takeIt: (label: string) => `Take ${label}`,
	thumbsOf: (n: number) => `${n} from thumbs, the rest from pairs`,
	differs: 'What differs from the defaults',
	differsNothing: 'Nothing differs from the defaults.',
	differsFrom: (from: string) => `instead of ${from}`,
	on: 'on',
	off: 'off',
	measuredBy: 'Measured by',
	measuredByNone: 'no reward model: drift alone',
	rule: {
		label: 'Reward is',
		head: 'the score itself',
		mean: 'mean of the ensemble',
		worst: 'the most doubtful of the ensemble',
		'mean-sd': 'mean less its disagreement',
		help: 'The ensemble is several reward heads fitted to different parts of your answers. Where they disagree nobody knows, and a cautious reward makes it less attractive to go there.'
	},
	from: {
		title: 'Where it starts',
		label: 'Start from',
		base: 'the base model',
		policy: (name: string) => name,
		snapshot: (name: string, step: number) => `${name}, step ${step}`,
		reference: 'Drift is measured from',
		referenceBase: 'the base model',
		referenceLast: 'where it starts',
		referenceHelp:
			'From the base model, all rounds together stay near it. From where it starts, each round may move on, and over several rounds the model can go far.',
		lead: 'A kept step of a run, or a tuned model, can be gone on from with other settings: a new run that leaves the old one as it is.',
		fork: 'Start a new run from here',
		forkedFrom: (what: string) => `Starts from ${what}.`
	},
	kept: 'Kept steps',
	keptHelp: 'The weights of these steps are stored. Press one to start a new run from it.',
	keptStep: (step: number) => `step ${step}`,
	keptLabel: (step: number) => `Start a new run from step ${step}`,
	stepUnit: 'step',
	insideTitle: 'Look inside',
	stepThrough: 'One step, token by token',
	playground: 'A world small enough to know the answer',
	bestOfTitle: 'What the best of n is worth',
	start: 'Start tuning',
	restart: 'Restart',
	restartHelp: 'The same settings and the same seed: the same run.',
	rewardModel: 'Towards',
	preset: 'Preset',
	custom: 'custom',
	changed: 'changed',
	reset: (label: string) => `Reset ${label}`,
	knobs: 'Three knobs',
	allSettings: 'All settings',
	estimate: 'Before you start',
	estimating: 'Measuring…',
	estimateNow: 'Measure time and memory',
	estimateText: (time: string, memory: string) =>
		`${time} and ${memory} of memory on this machine.`,
	estimateSpeed: (speed: string) => `Writes ${speed} tokens a second.`,
	minutes: (n: number) => (n < 1 ? 'under a minute' : n === 1 ? 'about 1 min' : `about ${n} min`),
	more: 'More instruments',
	readingTitle: 'The text itself',
	readingLead: (step: number) => `At step ${step}`,
	readingNewest: 'newest',
	before: 'Before',
	after: 'After',
	stepSlider: 'Step shown',
	follow: 'Follow the newest',
	tintRatio:
		'Violet words: the tuned model likes them more than the base model does, darker is more.',
	tintDiff: 'Violet words are not in the text before.',
	score: (value: string) => `score ${value}`,
	noSamples: 'The first texts appear after the first step.',
	runs: 'Runs',
	runName: (n: number) => `Run ${n}`,
	runLine: (status: string, step: number, total: number) => `${status}, step ${step} of ${total}`,
	recordedNext: 'Train a reward model, then start your own run here.',
	stale: 'The reward model of this run has been overtaken by newer answers.',
	announce: (step: number, reward: string, kl: string, before: string) =>
		`Step ${step}: reward ${reward}${before}; KL ${kl}.`,
	announceChange: (change: string, step: number) => `, ${change} since step ${step}`,
	up: (value: string) => `up ${value}`,
	down: (value: string) => `down ${value}`,
	hacking:
		'KL is high. Read the texts: the model may have found words that please the reward model rather than you.',
	goEvaluate: 'Read both models blind'
};
