export const compare = {
	lead: 'Which text do you like better? There is no right answer: what you choose is what the model will learn.',
	promptLabel: 'The story begins',
	left: 'Left is better',
	right: 'Right is better',
	upper: 'The upper one is better',
	lower: 'The lower one is better',
	leftMuch: 'Left is much better',
	rightMuch: 'Right is much better',
	tie: 'Tie',
	tieLong: 'Both are equally good',
	bothBad: 'Both bad',
	skip: 'Skip',
	undo: 'Undo',
	redo: 'Redo',
	rationale: 'Why?',
	tagsLabel: 'What decided?',
	tags: {
		sense: 'makes sense',
		language: 'language',
		story: 'story',
		humour: 'humour',
		kindness: 'kindness',
		'fits-beginning': 'fits the beginning',
		ending: 'ending',
		repetition: 'repetition'
	},
	confirm: 'Keep',
	confirmKey: 'Keep the choice (when asked to confirm)',
	confirmTitle: 'Your choice, not kept yet',
	unchoose: 'Choose again',
	strengthLabel: 'How much better?',
	strengths: { 1: 'better', 2: 'much better', 3: 'by far' },
	rationaleLabel: 'Why? (kept with the next answer)',
	scrollDown: 'Scroll both pages down',
	scrollUp: 'Scroll both pages up',
	leftPage: 'Left page',
	rightPage: 'Right page',
	skipTitle: 'Why skip this pair?',
	skipReasons: {
		'cannot-tell': 'I cannot tell',
		'not-comparable': 'They cannot be compared',
		upsetting: 'It upsets me',
		sensitive: 'I would rather not read this',
		broken: 'A text is broken'
	},
	waiting: 'Pairs are being written…',
	waitingModel: 'The model is loading; the first pairs come right after.',
	noPairs: 'No pairs yet.',
	repetitive: 'The model writes the same thing twice. A higher temperature gives it more choice.',
	repetitiveGo: 'Change it in Sample',
	writePairs: 'Write pairs',
	ribbon: 'Your answers, oldest first. Open one to change it.',
	stitch: (n: number, what: string, simulated: boolean) =>
		`Answer ${n}: ${what}${simulated ? ', simulated' : ''}`,
	sideOutcome: { left: 'left better', right: 'right better', tie: 'tie', skip: 'skipped' },
	stackedOutcome: { left: 'upper better', right: 'lower better' },
	much: 'much',
	byFar: 'by far',
	bad: 'both bad',
	simulated: 'simulated',
	historyEmpty: 'Nothing answered yet.',
	historyMore: (n: number) => `Show ${n} more`,
	openHistory: (n: number) => `History (${n})`,
	editTitle: 'Change this answer',
	editNow: (what: string) => `Now: ${what}`,
	editWhy: 'Why? (kept with this answer)',
	editKeepReasons: 'Keep these reasons',
	editRevoke: 'Take this answer back',
	editDone: 'Changed. What was learned from it before is now stale.',
	undone: (what: string) => `Taken back: ${what}`,
	redone: (what: string) => `Put back: ${what}`,
	answered: (what: string, n: number) => `${what}. ${n} answers.`,
	nothingToUndo: 'Nothing to undo.',
	nothingToRedo: 'Nothing to redo.',
	alarmBothBad:
		'More than 30\u00a0% of your answers say that both are bad. The writer is the problem then, not you: try another temperature or model.',
	modes: {
		label: 'How to answer',
		pair: 'Pair',
		ranking: 'Ranking',
		rating: 'Rating',
		thumb: 'Thumbs',
		demonstration: 'Rewrite'
	},
	modeHelp: {
		pair: 'Which of two is better?',
		ranking: 'Put several in an order; it teaches as much as all their pairs.',
		rating: 'How good is one text on its own?',
		thumb: 'Would you keep this text?',
		demonstration: 'Turn what it wrote into what you wanted.'
	},
	modeTeaches: {
		pair: 'The reward model learns from every pair.',
		ranking: 'The reward model learns from every two leaves that you told apart.',
		rating: 'Kept and exported. The reward model learns from comparisons, not from ratings.',
		thumb: 'Kept and exported. The reward model learns from comparisons, not from thumbs.',
		demonstration: 'The reward model learns that your text is better than what the model wrote.'
	},
	waitingSets: 'Texts are being written…',
	ranking: {
		leaf: (n: number, sign: string) => (sign ? `Leaf ${n}, ${sign}` : `Leaf ${n}`),
		rank: (n: number, isEqual: boolean) =>
			`${isEqual ? '=' : ''}${['1st', '2nd', '3rd', '4th'][n - 1] ?? String(n)}`,
		next: (n: number) => `Leaf ${n} is next best`,
		nextEqual: (n: number) => `Leaf ${n} is as good as the last one`,
		placed: (n: number, sign: string) => `Leaf ${n}: ${sign}`,
		takenOut: (n: number) => `Leaf ${n} taken out`,
		orderLabel: 'Your order, best first',
		best: 'best',
		least: 'least',
		card: (place: number, of: number, isEqual: boolean) =>
			`Place ${place} of ${of}${isEqual ? ', equal to others' : ''}. Left and right move it, the equals sign makes it equal.`,
		better: (n: number) => `Leaf ${n} is better`,
		worse: (n: number) => `Leaf ${n} is worse`,
		equalTo: (n: number) => `Leaf ${n} is as good as the one before`,
		hint: 'Press the leaves from best to least.',
		hintShift: 'With Shift, a leaf is as good as the last one.',
		ready: 'Drag to change it, or keep it.',
		keep: 'Keep this order',
		clear: 'Begin again'
	},
	given: {
		ranking: (order: string) => `ranked ${order}`,
		rating: (mark: string) => `rated ${mark}`,
		demonstration: 'rewritten'
	},
	rating: {
		label: 'How good is it?',
		marks: ['poor', 'weak', 'fair', 'good', 'excellent']
	},
	thumb: {
		label: 'Would you keep it?',
		down: 'Not good',
		up: 'Good'
	},
	rewrite: {
		written: 'What it wrote',
		wanted: 'What you wanted',
		edit: 'Edit the text',
		keep: 'Keep this text',
		startAgain: 'As it was'
	},
	veil: {
		title: 'Veiled',
		kind: {
			violence: 'violence',
			death: 'death',
			sexual: 'sex',
			hateful: 'hate',
			despair: 'despair',
			drugs: 'drugs'
		},
		kinds: (kinds: readonly string[]) =>
			`Here stand words about ${kinds.length > 1 ? `${kinds.slice(0, -1).join(', ')} and ` : ''}${kinds.at(-1) ?? ''}.`,
		look: 'Look at it',
		skip: 'Skip: it upsets me',
		honest:
			'A list of words decides, not a judgement: what is veiled may be harmless, and what is not may be dark.',
		setting: 'Veil texts with dark words',
		settingHelp: (n: number) =>
			`For classrooms. Texts with one of ${n} words about violence, death, sex, hate, despair or drugs are hidden until you ask to see them, and can be skipped. It is a short list of English words, not a judgement: it knows nothing of what is said with other words, and hides harmless sentences that hold one of these.`
	},
	annotators: {
		first: 'Annotator 1'
	},
	answering: {
		title: 'Who is answering, and how',
		who: 'Who is answering',
		someoneElse: 'Someone else',
		add: 'Add',
		save: 'Save',
		rename: 'Rename',
		renameOne: (name: string) => `Rename ${name}`,
		newName: (name: string) => `New name for ${name}`,
		privacy:
			'Names stay in this browser. Each person’s answers are counted apart; undo reaches only one’s own.',
		how: 'How',
		reveals: 'After each pair, tell what was expected of it',
		revealsHelp:
			'The prediction was sealed before you saw the pair. Knowing it may sway the answers that follow.',
		rankingSize: 'Leaves in a ranking'
	},
	nextRecorded: 'Another one',
	recordedNext: 'Choose on your own pairs as soon as the model is loaded.',
	robot: {
		title: 'Let a simulated annotator answer',
		what: 'Its taste and its faults are known, so what it does to a model can be measured. Its answers are marked as simulated for ever and never mixed in silently.',
		open: 'Simulated annotator',
		rule: 'It prefers',
		rules: {
			happier: 'happier texts',
			longer: 'longer texts',
			shorter: 'shorter texts',
			dialogue: 'more dialogue'
		},
		lapse: 'Lapses',
		lapseHelp: 'How often it answers at random, whatever the texts say. People do too.',
		count: 'How many',
		start: (n: number) => `Answer ${n} pairs`,
		stop: 'Stop',
		working: (done: number, total: number) => `${done} of ${total} answered`,
		redrawn: (n: number) => `${n} pairs redrawn because it scored both the same`,
		done: (n: number) => `The simulated annotator answered ${n} pairs.`,
		stuck:
			'It keeps finding pairs that it scores the same. Try another rule or a higher temperature.'
	}
};
