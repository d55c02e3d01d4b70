export const library = {
	lead: 'Everything you made in this browser. Nothing of it has left this machine.',
	studies: 'Studies',
	studiesHelp:
		'A study keeps one person’s or one question’s answers, models and runs apart from the others.',
	newStudy: 'New study',
	studyName: 'Name of the study',
	defaultName: (n: number) => `Study ${n}`,
	open: 'Open',
	isOpen: 'open now',
	rename: 'Rename',
	duplicate: 'Duplicate',
	copyName: (name: string) => `${name} (copy)`,
	delete: 'Delete',
	deleteTitle: (name: string) => `Delete “${name}”?`,
	deleteStudyText:
		'Its answers, reward models, tuned models and runs go with it. This cannot be undone.',
	deleteModelText: 'Its weights are removed. Runs and charts stay. This cannot be undone.',
	deleteRunText:
		'Its charts and texts are removed; the model it made stays. This cannot be undone.',
	deleted: (name: string) => `Deleted “${name}”.`,
	duplicated: (name: string) => `Copied as “${name}”.`,
	save: 'Save',
	rewardModels: 'Reward models',
	policies: 'Tuned models',
	runs: 'Runs',
	none: 'None yet.',
	columns: { name: 'Name', made: 'Made', facts: 'Facts', size: 'Size', actions: 'Actions' },
	rewardFacts: (pairs: number, heldOut: string, simulated: string) =>
		`${pairs} pairs, held-out ${heldOut}, ${simulated} simulated`,
	policyFacts: (step: number, reward: string, kl: string) =>
		`step ${step}, reward ${reward}, KL ${kl}`,
	runFacts: (kind: string, status: string, step: number, total: number, seed: number) =>
		`${kind}, ${status}, step ${step} of ${total}, seed ${seed}`,
	runEngine: (facts: string, engine: string) => `${facts}, on ${engine}`,
	runNote: (facts: string, note: string) => `${facts}, ${note}`,
	kinds: {
		reward: 'reward',
		ppo: 'PPO',
		rloo: 'RLOO',
		grpo: 'GRPO',
		reinforce: 'REINFORCE',
		'online-dpo': 'online DPO',
		dpo: 'DPO',
		ipo: 'IPO',
		simpo: 'SimPO',
		orpo: 'ORPO',
		kto: 'KTO',
		sft: 'imitation',
		'best-of-n': 'best of n'
	},
	jobRunning: 'Stop the run that is going before you leave or delete its study.',
	shelf: {
		title: 'What you made',
		lead: 'Every dataset version, run, model and measurement of this study, each under what it came from.',
		nothing:
			'Nothing yet. Train a reward model, and it appears here with the answers it learned from.',
		find: 'Find',
		findHint: 'name, tag, note or fact',
		kind: 'Kind',
		all: 'all',
		tag: 'Tag',
		anyTag: 'any tag',
		staleOnly: (n: number) => `stale only (${n})`,
		found: (n: number, of: number) => (n === of ? `${of} in all` : `${n} of ${of}`),
		noneFound: 'Nothing here fits. Clear the search to see everything.',
		clear: 'Clear',
		graph: 'Lineage, drawn',
		graphHelp:
			'Left to right: what came from what. Arrow keys go from one to the next; Enter opens it.',
		hollow: 'dashed outline: stale',
		list: 'Everything, under what it came from',
		kinds: {
			dataset: 'data',
			run: 'run',
			reward: 'reward model',
			policy: 'tuned model',
			evaluation: 'blind test',
			report: 'measurement'
		},
		plural: {
			dataset: 'data',
			run: 'runs',
			reward: 'reward models',
			policy: 'tuned models',
			evaluation: 'blind tests',
			report: 'measurements'
		},
		roles: {
			data: 'learned from',
			made: 'made by',
			reward: 'scored by',
			start: 'started from',
			reference: 'drift measured from',
			judge: 'judged by',
			compared: 'about'
		},
		also: (names: string[]) => `also from ${names.join(', ')}`,
		choose: (name: string) => `Choose “${name}” for comparing`,
		compare: (n: number) => (n < 2 ? 'Compare runs' : `Compare ${n} runs`),
		compareHint: 'Tick two runs or more to lay them side by side.',
		compareMost: (n: number) => `At most ${n} runs at a time.`,
		datasetFacts: (pairs: number, heldOut: number) => `${pairs} pairs, ${heldOut} held out`,
		evaluationFacts: (answered: number, of: number, win: string) =>
			`${answered} of ${of} answered, win rate ${win}`,
		reportKinds: {
			'best-of-n': 'best of n',
			frontier: 'every method compared',
			monitors: 'alarms of a run',
			'red-team': 'red team'
		}
	},
	stale: {
		badge: 'stale',
		behind: 'newer answers',
		orphan: 'its source is deleted',
		/** What happened to the answers. */
		changes: (removed: number, changed: number, added: number) => {
			const parts = [
				removed === 1
					? '1 answer was taken back'
					: removed > 1
						? `${removed} answers were taken back`
						: '',
				changed === 1 ? '1 was changed' : changed > 1 ? `${changed} were changed` : '',
				added === 1 ? '1 is new' : added > 1 ? `${added} are new` : ''
			].filter((part) => part !== '');
			return parts.length > 1
				? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`
				: (parts[0] ?? '');
		},
		reason: (version: string, changes: string) => `It rests on ${version}. Since then ${changes}.`,
		through: (source: string) => `They came in by ${source}.`,
		rebuild: 'Rebuild on today’s answers',
		rebuildHelp:
			'Starts the reward model again with the same settings and seed. What was made from the old one stays as it is.',
		rebuildTune: 'Set up again in Tune',
		busy: 'Wait until the run that is going has ended.'
	},
	item: {
		back: 'All of the Library',
		gone: 'This is no longer stored here. It may belong to another study, or have been deleted.',
		made: (kind: string, date: string) => `${kind}, made ${date}`,
		facts: 'Facts',
		about: 'What you say about it',
		alias: 'Alias',
		aliasHelp:
			'A short name that points at one thing of the study at a time. Given to another, it leaves this one.',
		tags: 'Tags',
		tagsHelp: 'Separated by commas.',
		note: 'Note',
		saved: 'Kept.',
		from: 'Made from',
		into: 'What came of it',
		nothingInto: 'Nothing yet.',
		base: 'the model that came with Tiller, or your answers directly',
		openReward: 'Open in Reward',
		openTune: 'Open in Tune',
		labels: {
			status: 'Status',
			steps: 'Steps',
			seed: 'Seed',
			model: 'Base model',
			engine: 'Engine',
			prompts: 'Prompts',
			took: 'Took',
			changed: 'Settings that are not the default',
			pairs: 'Pairs',
			outcomes: 'Outcomes',
			hash: 'Content hash',
			simulated: 'Simulated',
			held: 'Held out',
			accuracy: 'Agreement',
			kl: 'KL at that step',
			reward: 'Reward at that step',
			size: 'Size',
			win: 'Win rate',
			answered: 'Answered'
		},
		allDefault: 'none',
		ofSteps: (step: number, total: number) => `${step} of ${total}`,
		prompts: (n: number) => (n === 1 ? '1 prompt' : `${n} prompts`),
		outcomes: (a: number, b: number, tie: number) =>
			`${a} for the first, ${b} for the second, ${tie} ties`,
		accuracy: (train: string, heldOut: string) =>
			`${train} of the learned, ${heldOut} of the held out`,
		win: (value: string, low: string, high: string) => `${value} [${low}, ${high}]`
	},
	cards: {
		open: 'Model card',
		openReward: 'Reward card',
		title: (name: string) => `Card of “${name}”`,
		lead: 'Written from what is stored, in the format of Hugging Face. It claims nothing that was not measured here.',
		copy: 'Copy',
		save: 'Save README.md',
		copied: 'The card is on the clipboard.',
		notCopied: 'This browser keeps the clipboard from pages like this one. Save the file instead.',
		text: 'Text of the card'
	},
	compare: {
		title: 'Runs side by side',
		lead: 'The same axis for all: what was set differently, and what came of it.',
		back: 'Back to the Library',
		few: 'Choose two runs or more in the Library to compare them.',
		settings: 'What was set differently',
		same: 'All settings are the same.',
		sameSeed: 'Seed and settings are the same: these should be one run twice.',
		setting: 'Setting',
		default: 'default',
		seed: 'seed',
		model: 'base model',
		method: 'method',
		without: 'has none',
		curves: 'Curves',
		measures: 'Shown',
		logX: 'Steps by logarithm',
		logY: 'Values by logarithm',
		reset: 'Show all steps',
		ends: 'Where they ended',
		last: (label: string) => label,
		noCurves: 'None of these runs has stored any numbers.',
		reading: 'Reading the curves…'
	}
};
