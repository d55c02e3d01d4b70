export const settings = {
	lead: 'Few, and all of them keep to this browser.',
	theme: 'Theme',
	themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
	keys: 'Keys',
	keysOn: 'Single keys (1, 2, s, u …) work',
	keysHelp: 'Switch them off if you use speech input or a switch. Buttons always work.',
	confirms: 'Keep an answer only after Enter',
	confirmsHelp:
		'A choice can then still be changed, and pressing the same key again makes it stronger: better, much better, by far.',
	showKeys: 'Show all keys',
	asking: 'Which pairs are asked',
	askingHelp:
		'About half of the pairs. The others are drawn at random, which is the only honest measure of how well you are understood, or come back to see how steady you are.',
	askings: {
		bald: 'Those that teach most (BALD): the model is torn, and each of its explanations is sure of another answer',
		'd-optimal': 'Those that shrink what it does not know (D-optimal)',
		disagreement: 'Those on which its explanations disagree most',
		random: 'Any: all are drawn at random'
	},
	classroom: 'Classroom',
	engine: 'Engine',
	storage: 'Storage',
	persistent: 'The browser has promised to keep this data.',
	notPersistent:
		'The browser may clear this data when space runs low. It is asked to keep it after your first ten answers.',
	askPersist: 'Ask it to keep the data',
	persistGranted: 'The browser will keep the data.',
	persistDenied: 'The browser did not promise. Installing the page or using it often helps.',
	usage: (used: string, quota: string) => `${used} used of about ${quota}.`,
	usageUnknown: 'The browser does not say how much is used.',
	storageFailed: 'Nothing can be stored in this window. What you do is lost when it closes.',
	privacy: 'Privacy',
	privacyText:
		'Prompts, answers and models stay on this machine. The page is built so that the browser itself refuses connections to anywhere else.',
	requests: (n: number) =>
		n === 0
			? '0 requests since load.'
			: n === 1
				? '1 request since load, to the place the page came from.'
				: `${n} requests since load, all to the place the page came from.`,
	foreignRequests: (n: number) => `${n} of them went elsewhere.`,
	diagnostics: 'Diagnostics',
	diagnosticsText: 'Facts about this browser and engine for a bug report. No prompts, no answers.',
	diagnosticsBox: 'Diagnostics'
};
