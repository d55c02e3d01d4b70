const share = (value: number): string => `${Math.round(value * 100)}\u00a0%`;

/** Simulated annotators with the faults of people. */
export const robot = {
	who: 'Who shall answer?',
	presets: {
		simple: { name: 'Simple', what: 'One taste, a few slips. The one the guide uses.' },
		careful: { name: 'Careful', what: 'Likes cheerful stories, takes its time.' },
		hurried: {
			name: 'Hurried',
			what: 'The same taste, read in passing: slips, ties, favours short.'
		},
		'likes-long': { name: 'Likes it long', what: 'Says it likes cheerful; falls for length.' },
		'always-left': { name: 'Always left', what: 'Does not read. Is it found out?' },
		tires: { name: 'Tires', what: 'Careful at first, half by coin after a hundred.' },
		'changes-mind': { name: 'Changes its mind', what: 'From cheerful to talkative.' },
		'own-rules': { name: 'Your own rules', what: 'Words, patterns and lengths that you choose.' }
	} as Record<string, { name: string; what: string }>,
	changed: 'changed',
	taste: 'Taste',
	tasteHelp:
		'How much each counts. Each is measured in spreads over the texts of this study, so that they compare.',
	measures: {
		sentiment: { name: 'Mood', less: 'sadder', more: 'happier' },
		length: { name: 'Length', less: 'shorter', more: 'longer' },
		dialogue: { name: 'Dialogue', less: 'less talk', more: 'more talk' },
		repetition: { name: 'Repetition', less: 'fresh', more: 'repeating' },
		readability: { name: 'Reading', less: 'harder', more: 'easier' }
	},
	weight: (value: number, less: string, more: string) =>
		value === 0 ? 'does not count' : `${value > 0 ? more : less} × ${Math.abs(value).toFixed(1)}`,
	faults: 'Faults',
	temperature: 'Wavering',
	temperatureHelp:
		'Noise on every judgement (temperature), in spreads of the reward between the two texts of a pair: at 1 a lead of one spread wins 73 times in 100.',
	spreads: (value: number) => (value === 0 ? 'none' : `${value.toFixed(2)} spreads`),
	lapse: 'Lapses',
	lapseHelp: 'How often it throws a coin, whatever the texts say.',
	tieThreshold: 'Calls a tie below',
	tieHelp: 'A lead smaller than this is a tie to it.',
	lengthBias: 'Falls for length',
	lengthHelp: 'Added for the longer text, whatever its taste says; below zero for the shorter.',
	positionBias: 'Leans to a side',
	positionHelp: 'Added for the page on the left, whatever stands there; below zero for the right.',
	leaning: (value: number, less: string, more: string) =>
		value === 0
			? 'not at all'
			: `${value > 0 ? more : less}, ${Math.abs(value).toFixed(1)} spreads`,
	longer: 'longer',
	shorter: 'shorter',
	left: 'left',
	right: 'right',
	drift: 'Over time',
	drifts: {
		none: 'stays as it is',
		tires: 'tires',
		turns: 'its taste turns'
	},
	driftAnswers: 'Within',
	answers: (n: number) => `${n} answers`,
	driftLapse: 'Lapses by then',
	driftTaste: 'Into',
	laterTastes: {
		'sentiment 1': 'happier',
		'sentiment -1': 'sadder',
		'dialogue 1': 'more talk',
		'length 1': 'longer',
		'length -1': 'shorter',
		'readability 1': 'easier to read'
	} as Record<string, string>,
	rules: {
		title: 'Your rules',
		help: 'A text gains the weight of each rule that holds for it, and loses it where the weight is below zero.',
		none: 'No rules yet.',
		add: 'Add a rule',
		remove: (n: number) => `Remove rule ${n}`,
		label: (n: number) => `Rule ${n}`,
		kind: (n: number) => `Rule ${n}: kind`,
		kinds: { contains: 'contains', regex: 'matches', 'word-count': 'words' },
		negated: { contains: 'lacks', regex: 'does not match', 'word-count': 'words not' },
		negate: (n: number) => `Rule ${n}: the opposite`,
		not: 'not',
		text: (n: number) => `Rule ${n}: text`,
		pattern: (n: number) => `Rule ${n}: pattern`,
		least: (n: number) => `Rule ${n}: least words`,
		most: (n: number) => `Rule ${n}: most words`,
		to: 'to',
		weight: (n: number) => `Rule ${n}: weight`,
		holds: (left: boolean, right: boolean) =>
			left && right
				? 'Holds for both pages on the desk.'
				: left
					? 'Holds for the left page on the desk.'
					: right
						? 'Holds for the right page on the desk.'
						: 'Holds for neither page on the desk.',
		problem: (reason: string, at: number | undefined) => {
			const why = RULE_PROBLEMS[reason] ?? 'This rule cannot be read.';
			return at === undefined || reason === 'too-long' ? why : `${why} At character ${at + 1}.`;
		}
	},
	reading: {
		title: 'What that means',
		never: 'It never answers by coin.',
		always: 'Every answer is thrown by coin.',
		coin: (value: number) =>
			value > 0.4
				? `About ${share(value)} of its answers are thrown by coin.`
				: `About 1 in ${Math.round(1 / value)} answers is thrown by coin.`,
		better: (value: number) =>
			`Where its taste tells two texts apart and it names one, that is the better one ${share(value)} of the time.`,
		noTaste: 'Its taste tells none of these pairs apart.',
		ties: (value: number) => `${share(value)} of pairs are a tie to it.`,
		left: (value: number) =>
			value >= 0.5
				? `It picks the left page ${share(value)} of the time.`
				: `It picks the right page ${share(1 - value)} of the time.`,
		same: (value: number) =>
			`The same pair again with its pages swapped: the same answer ${share(value)} of the time.`,
		tired: (n: number, value: number) => `After ${n} answers, ${share(value)} are thrown by coin.`,
		turned: (n: number, better: number) =>
			`After ${n} answers its taste has turned, and it names what it holds better then ${share(better)} of the time.`,
		basis: (n: number) => `Worked out on the ${n} newest pairs of this study.`,
		later: 'What this means is worked out as soon as a dozen pairs have been written.',
		broken: 'A rule cannot be read yet.'
	},
	preview: {
		title: 'How it sees the pages on the desk',
		blind: 'Open it after you have made up your own mind: it may sway you.',
		none: 'No pages on the desk.',
		measure: 'What counts',
		rules: 'Your rules',
		sum: 'Together, in spreads',
		answers: (left: number, tie: number, right: number) =>
			`It would pick left ${share(left)}, call a tie ${share(tie)}, pick right ${share(right)} of the time.`
	},
	used: {
		title: 'Have answered in this study',
		one: (name: string, n: number, seed: number) => `${name}: ${n} answers, seed ${seed}`,
		again: 'Same again',
		againFor: (name: string, seed: number) => `Same again: ${name}, seed ${seed}`
	},
	seed: 'Seed',
	seedNew: 'a new one',
	seedHelp:
		'With the same seed and settings the same pair gets the same answer. Empty: a new seed, kept with the answers.'
};

const RULE_PROBLEMS: Readonly<Record<string, string>> = {
	text: 'Write the text or pattern it looks for, at most 200 characters.',
	weight: 'A weight is a number from -100 to 100.',
	'word-count': 'Give a least or a most number of words, the least first.',
	'too-many-rules': 'At most 50 rules.',
	'too-long': 'A pattern has at most 200 characters.',
	'too-large': 'This pattern repeats too much.',
	'look-around': 'Looking ahead or behind is not possible here.',
	'back-reference': 'Referring back to a group is not possible here.',
	'not-understood': 'This pattern is not understood.'
};
