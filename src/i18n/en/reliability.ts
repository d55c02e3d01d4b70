export const reliability = {
	title: 'How reliable are you?',
	open: 'How reliable?',
	lead: 'About one pair in ten comes back with its sides swapped. From that, and from the order of your answers, a few things can be said. None of it judges you: nobody answers like a machine.',
	of: (name: string, n: number) =>
		n === 1 ? `${name}, 1 comparison` : `${name}, ${n} comparisons`,
	back: 'Back to the book',
	blindNote:
		'Nothing here tells what you should choose: no text and no score of a pair that you have not answered yet.',
	none: 'Answer a few pairs first. The first ones come back after a dozen answers.',
	interval: (low: string, high: string) => `between ${low} and ${high}`,
	agreement: {
		title: 'You and you, twice',
		some: (share: string) => `You agree with yourself ${share} of the time.`,
		kappa: (value: string, band: string) =>
			`Beyond chance: Cohen’s kappa ${value}, which is called ${band}.`,
		kappaNone: {
			'nothing-counted': '',
			'one-label': 'You gave every pair the same answer, so that kappa is undefined.'
		},
		bands: {
			poor: 'poor',
			slight: 'slight',
			fair: 'fair',
			moderate: 'moderate',
			substantial: 'substantial',
			'almost-perfect': 'almost perfect'
		},
		none: 'No pair has come back yet.',
		repeats: (n: number) => (n === 1 ? '1 pair answered twice' : `${n} pairs answered twice`),
		help: 'Two answers to the same pair, the second time with the sides swapped. People who judge texts agree with other people in about two of three cases; with themselves somewhat more often.'
	},
	noise: {
		title: 'Noise, and the ceiling it sets',
		some: (share: string) => `About ${share} of your choices would come out the other way.`,
		ceiling: (share: string, low: string, high: string) =>
			`Even a perfect reward model could agree with no more than ${share} of them (${low} to ${high}).`,
		ceilingOpen: (low: string) =>
			`The ceiling for any reward model lies somewhere between ${low} and all of them.`,
		zero: (n: number, high: string) =>
			n === 1
				? `The one pair that came back came out the same way; that says next to nothing yet.`
				: `So far none of ${n} came out the other way. With so many, up to ${high} might.`,
		terciles: (close: string, middle: string, far: string) =>
			`Where the model held the two to be close ${close}, in between ${middle}, where it held them far apart ${far}.`,
		atChance:
			'Your repeated answers differ as often as a coin’s would. Perhaps the texts are too much alike.',
		none: 'It takes pairs that came back, with a side chosen both times.',
		help: 'If each answer is turned round with probability e, two answers to one pair differ with 2e(1 − e). Solved for e. Close pairs are turned round more often than clear ones; this is an average.'
	},
	sides: {
		title: 'Left or right',
		share: (left: number, right: number) => `${left} times left, ${right} times right.`,
		verdicts: {
			'leans-left': 'You lean to the left: more often than chance would, whatever stands there.',
			'leans-right': 'You lean to the right: more often than chance would, whatever stands there.',
			'no-sign': 'No sign that the side decides.',
			'not-enough-data': (n: number) =>
				`Not enough data: ${n} of the 100 choices it takes to tell a lean from luck.`
		},
		straight: {
			left: (n: number) => `You chose left ${n} times in a row.`,
			right: (n: number) => `You chose right ${n} times in a row.`,
			alternating: (n: number) => `You chose left and right in turn ${n} times.`
		},
		straightNote: 'Chance hardly ever does that. There may be a good reason; have a look.',
		swapped: (share: string, n: number) =>
			`With sides swapped the same text won in ${share} of ${n} repeats.`,
		help: 'The side on which a text stands is drawn by coin, so that an honest taste chooses left half of the time. Exact binomial test, two-sided, at 5 %.'
	},
	rates: {
		title: 'Ties and skips',
		tie: 'ties',
		skip: 'skips',
		bothBad: 'both bad',
		of: (n: number) =>
			n === 1 ? 'Of 1 answer, with 95 % intervals.' : `Of ${n} answers, with 95 % intervals.`,
		alarm:
			'In more than three of ten pairs both texts are bad. The writer is the problem then, not you: try another temperature or model.',
		help: 'Ties say that two texts are equally good, which is worth knowing. Skips are no answers at all and teach nothing.'
	},
	triads: {
		title: 'Going round in circles',
		some: (circular: number, closed: number) =>
			circular === 1
				? `1 of ${closed} triangles goes round in a circle.`
				: `${circular} of ${closed} triangles go round in circles.`,
		none: 'No three texts of one story have been compared with each other yet.',
		chance: 'a coin: 25 %',
		consistence: (value: string, sets: number) =>
			sets === 1
				? `Coefficient of consistence ζ ${value}, of 1 set of texts that were all compared with each other.`
				: `Coefficient of consistence ζ ${value}, over ${sets} sets of texts that were all compared with each other.`,
		help: 'A over B, B over C, and yet C over A. Answering by coin makes a quarter of triangles circular, a steady taste with little noise a few in a hundred. Kendall’s coefficient of consistence is 1 for an order without a circle, and 0 for as many circles as there can be.'
	},
	times: {
		title: 'Your pace',
		some: (seconds: string, words: string) =>
			`About ${seconds} for a pair, ${words} words a minute.`,
		quick: (n: number) =>
			n === 1
				? '1 answer came quicker than the texts can be read.'
				: `${n} answers came quicker than the texts can be read.`,
		half: (n: number) =>
			n === 1
				? '1 took less than half of your usual time for such a length.'
				: `${n} took less than half of your usual time for such a length.`,
		away: (n: number) =>
			n === 1 ? '1 was interrupted, and is left out.' : `${n} were interrupted, and are left out.`,
		none: 'Not measured yet.',
		help: 'Quick answers are looked at, never thrown away: a bad text is often clear at once. Being quick never counts in your favour either.'
	},
	fatigue: {
		title: 'Over this session',
		columns: {
			window: 'answers',
			agreement: 'agreed',
			ties: 'ties',
			pace: 'ms a word'
		},
		trends: {
			agreement: {
				rising: 'You agree with yourself more as it goes on.',
				falling: 'You agree with yourself less as it goes on. A pause may help.'
			},
			ties: {
				rising: 'You call more and more ties.',
				falling: 'You call fewer and fewer ties.'
			},
			msPerWord: {
				rising: 'You are getting slower.',
				falling: 'You are getting quicker.'
			}
		},
		noTrend: 'No trend that these numbers could show.',
		none: 'It takes at least 30 answers in one sitting.',
		help: 'Three tests for a trend over the order of your answers, each strict enough that a false alarm about any of them stays below 5 %.'
	},
	between: {
		title: 'You and the others',
		alpha: (value: string, band: string) =>
			`Krippendorff’s alpha over everyone: ${value}, ${band}.`,
		bands: {
			reliable: 'good enough to build on',
			tentative: 'good enough for careful conclusions',
			unreliable: 'too low to conclude anything'
		},
		interval: (low: string, high: string) => `95 % interval ${low} to ${high}`,
		shared: (n: number) =>
			n === 1
				? '1 pair answered by more than one person'
				: `${n} pairs answered by more than one person`,
		none: 'Add a second person under “Who is answering”. One pair in five is then one that the other has answered.',
		noneShared: 'No pair has been answered by two people yet.',
		undefined: 'Everyone gave every shared pair the same answer, so that alpha is undefined.',
		pair: (one: string, other: string) => `${one} and ${other}`,
		morePairs: (n: number) =>
			n === 1
				? '1 more pair of people, who agree as much or more.'
				: `${n} more pairs of people, who agree as much or more.`,
		help: 'Alpha is 1 where people always agree and 0 where they agree as often as chance would. From 0.8 on it is called reliable, from 0.67 on tentative.'
	},
	predictions: {
		title: 'How well are you understood?',
		lead: 'Before a pair is shown, a prediction of your answer is sealed into it. It is opened only after you have answered, so that nothing has to be held back to measure it.',
		byHead: 'Predicted by a small reward head that learns with every answer.',
		byModel: (name: string) => `Predicted by ${name}.`,
		accuracy: (share: string) => `It foresaw ${share} of your answers.`,
		accuracyFew: (right: string, n: number) =>
			`It foresaw ${right} of ${n} answers, which says next to nothing yet.`,
		brier: (value: string) =>
			`Brier score ${value}; always saying “one half” would score 0.25, and 0 is perfect.`,
		calibration: 'Is it as sure as it should be?',
		calibrationX: 'how sure it was',
		calibrationY: 'how often it was right',
		calibrationTable: (confidence: string, right: string, n: number) =>
			`${confidence} sure: right ${right} of ${n}`,
		ideal: 'as sure as right',
		stream: (n: number) =>
			`From ${n === 1 ? '1 answer' : `${n} answers`} to pairs drawn at random: pairs that were chosen because they are hard would make it look worse than it is.`,
		left: (ties: number, broken: number) =>
			[
				ties > 0 ? `${ties} ties and skips left out` : '',
				broken > 0 ? `${broken} whose seal was broken or too late left out` : ''
			]
				.filter(Boolean)
				.map((part) => `${part}.`)
				.join(' '),
		none: 'Nothing has been predicted yet. The first predictions are sealed after a dozen answers.',
		simulated: (n: number) =>
			n === 1
				? 'It also learned from 1 simulated answer; only people’s answers are scored here.'
				: `It also learned from ${n} simulated answers; only people’s answers are scored here.`,
		everyone: 'Everyone’s answers together: it learns from all of them.'
	},
	forecast: {
		title: (target: string) => `Until ${target} are foreseen`,
		about: (more: string, target: string) =>
			more === '1'
				? `About 1 more answer to reach ${target}`
				: `About ${more} more answers to reach ${target}`,
		never: (target: string) => `More answers than anyone gives to reach ${target}, perhaps never`,
		reached: (target: string) => `${target} foreseen: most likely it is there already`,
		range: (low: string, high: string) => `80\u00a0% interval: ${low} to ${high}`,
		atLeast: (low: string) => `80\u00a0% interval: ${low} or more`,
		none: {
			'too-few-predictions': (n: number, least: number) =>
				`How many more answers it takes can be told from ${least} predicted random pairs; so far ${n}`,
			'cannot-tell-yet': () =>
				'How many more answers it takes cannot be told yet: those so far fit very different curves',
			'out-of-reach': (_n: number, _least: number, target: string) =>
				`${target} is out of reach with answers like these: too much noise in them, or texts too much alike`
		},
		help: 'A learning curve fitted to pairs drawn at random, each predicted before it was answered. It is about agreeing with your answers, noise and all. On simulated annotators the interval holds the truth in about four of five cases.'
	},
	why: {
		title: 'Why this pair?',
		random: 'Drawn at random. Only such pairs show how well you are understood.',
		bald: (compared: number, bits: string) =>
			`Of ${compared} candidates, your answer to this one was expected to teach most: ${bits} bits.`,
		'd-optimal': (compared: number) =>
			`Of ${compared} candidates, this one was expected to narrow down most what you like.`,
		disagreement: (compared: number) =>
			`Of ${compared} candidates, this is the one about which the model was most of two minds.`,
		'warm-up': 'Nothing was known yet by which pairs could be told apart; any would do.',
		repeat: (ago: number) =>
			`You had seen it ${ago} pairs before, with the sides the other way round: to see how steady answers are.`,
		triangle: {
			opens: 'One of its texts was compared before: with a third pair it makes a triangle.',
			closes:
				'Both texts had been compared with a third: this closes a triangle, and shows whether tastes go round in circles.'
		},
		'second-opinion': 'Someone else had answered it: to see whether two people agree.',
		none: 'Stored before reasons were kept; pairs were drawn at random then.'
	},
	reveal: {
		title: 'The pair before',
		show: 'What was expected of it?',
		hide: 'Stop telling what was expected',
		expected: {
			left: (share: string) => `expected left, ${share} sure`,
			right: (share: string) => `expected right, ${share} sure`,
			even: 'expected neither side'
		},
		agreed: 'as you chose',
		differed: 'you chose otherwise',
		nothing: 'nothing was predicted',
		who: { head: 'The learning head', model: (name: string) => name },
		sealed: (digits: string) =>
			`Sealed before you saw it. Fingerprint ${digits}…, checked just now: it matches.`,
		broken: 'The seal does not match: this prediction was changed after it was made.'
	}
};
