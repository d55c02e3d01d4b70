export const charts = {
	savePicture: (title: string) => `Save “${title}” as a PNG picture`,
	saveNumbers: (title: string) => `Save the numbers of “${title}” as CSV`,
	atStep: (step: number) => `at step ${step}`,
	spoken: (title: string, values: string[]) =>
		values.length > 0 ? `${title}: ${values.join(', ')}` : `${title}: nothing yet`,
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
