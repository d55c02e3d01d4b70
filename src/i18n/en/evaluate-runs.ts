/** Judges, over-optimisation and the comparison of all methods. */
import type { TuneMethod } from '../../core/config';
import type { SimulatedRule } from '../../core/records';

const RULES: Record<SimulatedRule, string> = {
	happier: 'A rule: happier, without going round in circles',
	longer: 'A rule: longer',
	shorter: 'A rule: shorter',
	dialogue: 'A rule: more talk'
};

export const judges = {
	label: 'Judge',
	help: 'Scores what is written while nothing learns from the score. Where it falls while the reward still rises, the reward model is being deceived.',
	none: 'Nobody',
	cappedHappiness: 'Happy, but in measure (of the demonstration)',
	cappedHelp:
		'Counts up to three different happy words, less for repetition and for unusual length.',
	rules: RULES,
	ownRules: 'My own rules',
	ownRulesTitle: 'Rules of the judge',
	rewardModel: (name: string) => `Reward model: ${name}`,
	halves: 'Fit two reward models on halves of my answers',
	halvesHelp:
		'The answers are divided by prompt. One half gives the reward, the other judges: each has seen nothing of what the other learned from.',
	fitting: 'Fitting both halves …',
	halfName: (half: 'learns' | 'judges') =>
		half === 'learns' ? 'First half of the answers' : 'Second half of the answers (judge)'
};

export const optimum = {
	title: 'Over-optimisation',
	lead: 'A reward model is a measure, and a measure that is aimed at stops being one. Here is how much of the reward was real, and where to stop.',
	run: 'Run',
	none: 'No run has had a judge yet. Choose one in Tune, or see the demonstration first.',
	demo: 'Show me in a few minutes',
	demoHelp:
		'Forty simulated answers make a weak reward model; PPO climbs it with no price for drifting; a judge who knows better looks on. Its answers are no part of your study.',
	demoPhase: {
		answers: 'Writing and answering forty pairs …',
		reward: 'Training a weak reward model …',
		tune: 'Climbing it …',
		idle: ''
	},
	proxy: 'What the reward model says',
	gold: 'What the judge says',
	drift: 'drift, √KL in √nats',
	proxyGain: 'gain, sd of the base',
	goldGain: 'gain, the judge’s own scale',
	thisRun: 'This run',
	bestOfN: 'Best of n',
	curve: 'd (α − β ln d)',
	bestCurve: 'd (α − β d)',
	peak: 'predicted peak',
	peakUnsure: 'predicted peak, unsure',
	seen: 'peak seen',
	proxySummary: (gain: string, drift: string) =>
		`By its own measure the run has gained ${gain} at a drift of ${drift}.`,
	goldSummary: {
		'too-few-points': 'Too few steps to say whether it helps.',
		'never-better': 'In the judge’s eyes it was never better than at the start.',
		'still-rising': (gain: string) =>
			`The judge sees a gain of ${gain}, and no fall that noise could not explain.`,
		keep: (gain: string, step: number, lost: string) =>
			`The judge saw a gain of ${gain} at step ${step}; since then ${lost} of it has been lost.`
	},
	fit: {
		title: 'The fitted curve',
		alpha: 'α, slope of the beginning',
		beta: 'β, what bends it down',
		peak: 'Peak at',
		peakAt: (kl: string, low: string, high: string) =>
			`${kl} nats, between ${low} and ${high} with 95 % confidence`,
		noPeak: 'No turn in sight: the points do not bend down.',
		open: 'no end in sight',
		source: 'Gao et al. 2023, arXiv 2210.10760'
	},
	keep: (step: number) => `Keep step ${step}`,
	keepHelp: (kept: number, wanted: number) =>
		kept === wanted
			? 'Its weights become a tuned model of their own; the run stays as it is.'
			: `Step ${wanted} would be best; step ${kept} is the nearest whose weights are stored.`,
	kept: (name: string) => `${name} is kept as a tuned model.`,
	goBlind: 'Test it blind',
	noKept: 'No weights near the peak are stored.',
	rollsBack: 'Keep the best step by itself when a run ends past its peak',
	count: 'Overlay best of n',
	countHelp:
		'64 completions of each of twelve prompts, and what the best of 1, 2, 4 … by the same reward model is worth to the same judge.',
	counting: 'Writing and scoring …',
	stop: 'Stop',
	names: {
		keptName: (run: string, step: number) => `${run}, step ${step}`,
		demoName: 'Demonstration',
		bestOfNName: (rewardModel: string) => `Best of n by ${rewardModel}`
	}
};

export const frontier = {
	title: 'Same answers, every method',
	lead: 'One set of answers goes through best of n, PPO, RLOO, DPO, IPO and KTO, one after the other. What each wins against the base model, and how far it drifts for it, is measured on the same prompts by the same judge.',
	past: 'Comparison',
	size: 'Size',
	sizes: {
		quick: 'Quick: short runs, 64 completions each',
		standard: 'Standard: full runs, 192 completions each'
	},
	start: (methods: number) => `Compare ${methods} methods`,
	resume: 'Go on',
	stop: 'Stop',
	unattended: 'It needs nobody: each method is stored as it ends, and a reload loses one step.',
	needs: 'This needs a reward model and answers to learn from.',
	needsJudge: 'Choose a judge: without one nobody can say who wins.',
	goReward: 'Go to Reward',
	changed: 'The answers have changed since: it cannot go on with the same ones.',
	drift: 'drift, KL in nats a completion',
	rate: 'wins against the base model',
	even: 'even',
	chart: 'Drift and wins',
	best: 'On the frontier',
	others: 'Behind it',
	frontierLine: 'frontier',
	summary: (done: number, total: number, best: string) =>
		done === 0
			? 'No method has been measured yet.'
			: `${done} of ${total} methods measured. ${best}`,
	bestOf: (names: string) =>
		`On the frontier, by their estimates: ${names}; nothing wins more for less drift.`,
	within: 'Intervals that overlap tell no two methods apart.',
	table: 'The methods in numbers',
	columns: {
		method: 'Method',
		state: 'State',
		rate: 'Wins',
		kl: 'Drift, nats',
		gold: 'Judge',
		proxy: 'Reward'
	},
	states: { waiting: 'waits', running: 'works', done: 'done', failed: 'failed' },
	facts: (pairs: number, completions: number) =>
		`${pairs} answers; ${completions} completions each, on the same prompts; ties count half; intervals of 95 %.`,
	names: {
		recordName: (n: number) => `Comparison ${n}`,
		runName: (method: TuneMethod) => `Compared: ${method}`
	}
};

export const plane = {
	table: 'Table',
	series: 'Series',
	row: 'Point',
	from: 'from',
	to: 'to'
};
