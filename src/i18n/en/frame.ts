export const frame = {
	stagesLabel: 'The loop',
	roomsLabel: 'Rooms',
	skip: 'Skip to the content',
	/** Title of the document. */
	documentTitle: (view: string, lead: string) => `${lead}${view} · Tiller`,
	views: {
		sample: 'Sample',
		compare: 'Compare',
		reward: 'Reward',
		tune: 'Tune',
		evaluate: 'Evaluate',
		library: 'Library',
		learn: 'Learn',
		settings: 'Settings'
	},
	stageHelp: {
		sample: 'The model writes.',
		compare: 'You say which text you like better.',
		reward: 'A second model learns your choices.',
		tune: 'The first model practises for that reward.',
		evaluate: 'Old and new, read blind.'
	},
	live: {
		nothing: '–',
		loading: 'loading',
		ready: 'ready',
		failed: 'no model',
		answers: (n: number) => (n === 1 ? '1 answer' : `${n} answers`),
		simulated: (n: number) => `${n} simulated`,
		accuracyLong: (value: string) => `held-out accuracy ${value}`,
		training: (step: number, total: number) => `${step} of ${total}`,
		step: (step: number) => `step ${step}`,
		kl: (value: string) => `KL ${value}`,
		paused: 'paused',
		running: 'running',
		stale: 'stale: the answers have changed since',
		win: (value: string) => `win ${value}`,
		interval: (low: number, high: number) => `[${low}, ${high}]`
	},
	foot: {
		label: 'Status',
		engineNone: 'no engine yet',
		engineLoading: (percent: string) => `loading the model ${percent}`,
		engine: (backend: string, device: string) => (device ? `${backend} · ${device}` : backend),
		speed: (value: string) => `${value} tokens/s`,
		saved: 'saved',
		notSaved: 'not saved',
		persistent: 'persistent',
		notPersistent: 'the browser may clear it',
		requests: (n: number) => (n === 1 ? '1 request since load' : `${n} requests since load`)
	},
	help: (label: string) => `What is “${label}”?`,
	close: 'Close',
	cancel: 'Cancel',
	shortcuts: {
		title: 'Keys',
		off: 'Keys are switched off. Switch them on in Settings.',
		intro:
			'Keys work while nothing is being typed. Each can be changed here; all can be switched off in Settings.',
		change: 'Change',
		changeOne: (what: string) => `Change the key of “${what}”`,
		press: 'Press a key',
		changed: (what: string, key: string) => `${what}: ${key}`,
		reserved: (key: string) => `${key} is kept for getting about, and for nothing else.`,
		taken: (key: string, what: string) => `${key} is already the key of “${what}”.`,
		resetShort: 'Reset',
		resetOne: (what: string) => `Give “${what}” its first key back`,
		resetAll: 'Reset all keys',
		groups: {
			everywhere: 'Everywhere',
			compare: 'Compare',
			training: 'While training'
		},
		showKeys: 'Show these keys',
		showGuide: 'Show or hide the guide',
		closeAll: 'Close what is open',
		pauseResume: 'Pause or resume',
		step: 'One step'
	},
	guide: {
		title: 'Once around the loop',
		hide: 'Hide the guide',
		show: 'Guide',
		done: 'done',
		next: 'next',
		finished: 'That was the whole loop. Compare again with what you know now.',
		steps: {
			sample: 'Let the model write a few stories.',
			compare: 'Compare at least twenty pairs, or let the simulated annotator answer a hundred.',
			reward: 'Train a reward model on the answers.',
			tune: 'Tune the model towards that reward.',
			evaluate: 'Read both models blind.'
		}
	},
	recorded: {
		label: 'Recorded run',
		what: (model: string) => `Made earlier with ${model}, shown until you have your own.`
	},
	insecure: {
		title: 'This address hides half of the browser',
		text: 'Browsers hide the GPU, lasting storage and the wake lock from pages that are not on localhost or HTTPS. Open Tiller as http://localhost on this machine, or serve it over HTTPS. Until then it runs on the CPU.'
	}
};
