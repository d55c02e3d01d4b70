import { lab, monitors, redTeam } from './evaluate-monitors';
import { frontier, judges, optimum, plane } from './evaluate-runs';

export const evaluate = {
	judges,
	optimum,
	frontier,
	monitors,
	lab,
	redTeam,
	plane,
	parts: {
		label: 'Ways to look',
		blind: 'Read blind',
		'over-optimisation': 'Over-optimisation',
		methods: 'Every method',
		monitors: 'Monitors',
		'red-team': 'Red team'
	},
	lead: 'Did it get better, or only different? Read the base and the tuned model side by side, then judge them blind.',
	policy: 'Tuned model',
	needsPolicy: 'There is no tuned model yet. Tune one first.',
	goTune: 'Go to Tune',
	sideTitle: 'Side by side',
	base: 'Base model',
	tuned: 'Tuned model',
	writeBoth: 'Let both write',
	anotherPrompt: 'Another beginning',
	blindTitle: 'Blind test',
	blindLead: (n: number) =>
		`${n} pairs, one text of each model, sides by chance and names hidden. Answer as in Compare.`,
	start: (n: number) => `Start a blind test of ${n}`,
	goOn: (done: number, total: number) => `Go on (${done} of ${total})`,
	leave: 'Leave for now',
	progress: (done: number, total: number) => `${done} of ${total} answered`,
	simulate: 'Let a simulated annotator answer it',
	simulatedMark: 'answered by a simulated annotator',
	mixedMark: 'answered partly by a simulated annotator',
	resultTitle: 'Result',
	winRate: 'The tuned model wins',
	interval: (low: number, high: number) =>
		`between ${low} and ${high}\u00a0% with 95\u00a0% confidence`,
	tally: (wins: number, losses: number, ties: number, skips: number) =>
		`${wins} for the tuned model, ${losses} for the base, ${ties} ties${skips > 0 ? `, ${skips} skipped` : ''}`,
	undecided: 'Too early or too close to call, so no winner is named. More pairs may settle it.',
	even: 'Settled: within ten points of even.',
	settled: 'This is settled already; you may stop here.',
	few: (n: number) => `Read ${n} pairs`,
	ranking: {
		title: 'All models, by every blind answer',
		lead: 'Bradley–Terry strengths as odds against the base model, with 95\u00a0% intervals from 200 resamplings. Models with the same rank cannot be told apart yet.',
		columns: { rank: 'Rank', model: 'Model', odds: 'Odds', interval: 'Interval', battles: 'Pairs' },
		gone: 'A model that was deleted'
	},
	tunedWins: 'The tuned model is preferred.',
	baseWins: 'The base model is preferred. The tuning went somewhere you did not want.',
	nothing: 'No answers yet.',
	past: 'Past tests',
	testName: (n: number) => `Blind test ${n}`,
	againstCoin: 'a coin',
	recordedNext: 'Tune a model of your own, then test it here.'
};
