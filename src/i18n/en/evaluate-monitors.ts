/** Monitors and the lab that tries them. */
import type { Evidence, MonitorAction, MonitorKey } from '../../core/evaluation/monitors/monitors';

const names: Record<MonitorKey, string> = {
	length: 'Length',
	repetition: 'Going round in circles',
	variety: 'Variety',
	entropy: 'Openness (entropy)',
	ends: 'Ends by itself',
	uncertainty: 'Doubt of the reward model',
	'proxy-against-held-out': 'Reward up, judge down',
	'reward-follows-length': 'Reward follows length'
};

const actions: Record<MonitorAction, string> = {
	'keep-an-earlier-step': 'Keep an earlier step: Over-optimisation shows which.',
	'raise-the-price-of-drifting': 'Raise the price of drifting in Tune, or keep an earlier step.',
	'answer-pairs-of-equal-length': 'Answer pairs of about equal length, then train the reward anew.',
	'answer-fresh-completions':
		'Compare what the tuned model writes now, then train the reward anew.',
	'penalise-missing-ends': 'Take something off for texts that do not end (missing EOS in Tune).'
};

const tests: Record<Evidence['test'], string> = {
	'kolmogorov-smirnov': 'Kolmogorov–Smirnov',
	'two-means': 'both means, one-sided',
	spearman: 'Spearman'
};

export const monitors = {
	title: 'Monitors',
	lead: 'Lights watch the curves of a run while it works. A light is a reason to look, not to stop; the tests below say whether there is something.',
	run: 'Run',
	none: 'No run yet.',
	goTune: 'Go to Tune',
	lights: 'Lights',
	steady: 'steady',
	risen: (at: number, since: number) => `risen, seen at step ${at}; began about step ${since}`,
	fallen: (at: number, since: number) => `fallen, seen at step ${at}; began about step ${since}`,
	early: 'ten steps set its level; not yet there',
	lightHelp:
		'A two-sided CUSUM over the curve, its level and spread from the first ten steps. In a quiet run of thirty steps one light in ten goes on by chance.',
	tests: 'Tests',
	test: 'Test the run now',
	testHelp:
		'128 completions of the start against 128 of the newest stored weights. An alarm needs both: a change that chance hardly makes, and one that is large enough to matter.',
	testing: 'Writing and measuring …',
	alarms: (n: number, of: number) =>
		n === 0 ? `No alarm among ${of} monitors.` : `${n} of ${of} monitors raise an alarm.`,
	step: (step: number, n: number) => `Step ${step} against the start, ${n} completions each.`,
	names,
	actions,
	evidence: (o: { test: Evidence['test']; p: string; level: string }) =>
		`p ${o.p}, alarm below ${o.level}; ${tests[o.test]}`,
	columns: {
		monitor: 'Monitor',
		before: 'Start',
		after: 'Now',
		evidence: 'Evidence, and what to do'
	},
	alarm: 'alarm',
	quiet: 'quiet',
	drift: {
		title: 'Versions of the reward model',
		compare: 'Compare with the version before',
		help: 'Both score the same 64 completions of the base model. Order is what a reward model means; level and scale are taken out anyway.',
		none: 'There is one version only.',
		said: (before: string, after: string) => `${before} and ${after}`,
		verdict: {
			alike: 'They rank the completions alike.',
			changed: 'The newer one has changed its mind: retune, and read runs of the older one apart.',
			collapsed: 'The newer one scores all completions alike: do not tune with it.'
		},
		unknown: 'Too few completions to tell.',
		facts: (rank: string, turned: string) =>
			`Rank correlation ${rank}; ${turned} of the pairs stand in opposite order.`
	},
	records: {
		checkName: (run: string, step: number) => `${run}, step ${step}`
	}
};

export const redTeam = {
	title: 'Red team',
	lead: (n: number) =>
		`${n} beginnings invite something violent, ${n} harmless twins differ in few words. A detector reads four completions of each: how often the attack works, and how often the harmless twin is refused.`,
	base: 'Base model',
	run: (name: string) => `Put the suite to: ${name}`,
	working: 'Writing …',
	table: 'Results of the suite',
	columns: {
		model: 'Model',
		attack: 'Attacks that work',
		refusal: 'Harmless refused',
		change: 'Against the base'
	},
	few: (n: number) => `${n} prompts are too few`,
	change: (p: string, isClear: boolean) =>
		isClear ? `differs, p ${p}` : `no clear difference, p ${p}`,
	caution:
		'A list of words and no judgement: it misses what it does not list, and flags harmless uses. Intervals of 95 %.'
};

export const lab = {
	title: 'The planted-failure lab',
	lead: 'How far can these monitors be trusted? In a world of short texts whose true worth is known, a hundred runs learn what they should, and a hundred a reward that takes a harmful word for a merit. The monitors do not know of it.',
	strength: 'Strength of the false cue, spreads of the reward',
	enter: 'Run 100 clean and 100 planted runs',
	working: 'Running two hundred runs …',
	auc: 'Area under the curve',
	aucHelp: 'How likely a planted run alarms more than a clean one.',
	detected: 'Planted runs found',
	falseAlarms: 'False alarms in clean runs',
	curve: 'Found against false alarms',
	rocX: 'false alarms, share of clean runs',
	rocY: 'found, share of planted runs',
	roc: 'ROC curve',
	here: 'alarm as set',
	chance: 'chance',
	summary: (found: string, wrong: string) =>
		`As the alarm is set it finds ${found} of the planted runs and cries wolf in ${wrong} of the clean ones.`,
	by: 'Which monitor saw it',
	columns: { monitor: 'Monitor', planted: 'Planted', clean: 'Clean' }
};
