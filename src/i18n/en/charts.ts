export const charts = {
	savePicture: (title: string) => `Save “${title}” as a PNG picture`,
	saveNumbers: (title: string) => `Save the numbers of “${title}” as CSV`,
	copyNumbers: (title: string) => `Copy as CSV: the numbers of “${title}”`,
	table: 'Table',
	tableOf: (title: string) => `Table of “${title}”`,
	copy: 'Copy as CSV',
	copied: 'On the clipboard.',
	notCopied: 'This browser keeps the clipboard from pages like this one. Save the CSV instead.',
	step: 'step',
	smoothedColumn: (label: string) => `${label} (smoothed)`,
	everyRow: (n: number) =>
		`Every ${n === 2 ? 'second' : n === 3 ? 'third' : `${n}th`} step is shown; the CSV has all of them.`,
	atStep: (step: number) => `at step ${step}`,
	spoken: (title: string, values: string[]) =>
		values.length > 0 ? `${title}: ${values.join(', ')}` : `${title}: nothing yet`,
	read: (title: string) => `Read “${title}” step by step`,
	readKeys: 'arrows read, + and − zoom, 0 shows all, Enter picks',
	showAll: 'Show all',
	showAllOf: (title: string) => `Show all steps of “${title}” again`,
	zoomHelp:
		'Drag over a chart to look closer, or turn the wheel with Alt; a double click shows everything again.',
	course: (label: string, first: string, firstStep: number, last: string, lastStep: number) =>
		`${label}: from ${first} at step ${firstStep} to ${last} now, at step ${lastStep}`,
	best: (value: string, step: number) => `best ${value} at step ${step}`,
	between: (low: string, high: string) => `always between ${low} and ${high}`,
	noNumbers: 'There are no numbers yet.',
	notOnLog: (n: number) =>
		n === 1
			? '1 value at or below 0 has no place on this axis.'
			: `${n} values at or below 0 have no place on this axis.`,
	smoothing: 'Smoothing',
	smoothingHelp:
		'A moving average over recent steps. The faint line behind it is what was measured.',
	coin: 'a coin',
	chance: 'a coin: 50\u00a0%',
	ceiling: (share: string) => `ceiling by repeats: ${share}`,
	ln2: 'knows nothing: ln 2',
	klTarget: (nats: string) => `target ${nats} nats`,
	clipLine: 'large',
	baseReward: 'base model: 0'
};
