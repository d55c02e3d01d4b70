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
	jobRunning: 'Stop the run that is going before you leave or delete its study.'
};
