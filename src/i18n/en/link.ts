import type { LinkProblem } from '../../core/link';

/** One plain sentence for everything that can be wrong with a link. */
function problem(one: LinkProblem): string {
	switch (one.code) {
		case 'too-long':
			return `The link is ${one.length} characters long, which no link of Tiller is. Nothing of it was read.`;
		case 'other-version':
			return `The link was made by another version of Tiller (${one.given}). What this one understands is shown.`;
		case 'no-such-method':
			return `There is no method “${one.given}” here; PPO is shown instead.`;
		case 'no-such-preset':
			return `There is no preset “${one.given}” here; the defaults stand in for it.`;
		case 'no-such-setting':
			return `There is no setting “${one.given}” here; it is left out.`;
		case 'twice':
			return `“${one.label}” stands in the link more than once; it is left out.`;
		case 'bad-value':
			return `${one.label}: “${one.given}” is not possible; ${one.used} is kept.`;
		case 'out-of-range':
			return `${one.label}: ${one.given} is not between ${one.min} and ${one.max}; ${one.used} is kept.`;
		case 'adjusted':
			return one.sentence;
		case 'more':
			return `${one.count} more things in the link were not understood.`;
	}
}

export const link = {
	problem,
	title: 'Settings from a link',
	lead: 'Somebody linked to an experiment. Nothing of yours has been changed yet.',
	leadSame: 'Of what could be read, nothing differs from your own settings.',
	method: 'method',
	setting: 'Setting',
	mine: 'Yours',
	theirs: 'In the link',
	none: '–',
	on: 'on',
	off: 'off',
	problems: 'Not everything in it could be used',
	accept: 'Use these settings',
	decline: 'Keep mine',
	locked: 'A run is going with your settings. Stop it first, or keep yours.',
	same: 'The link has the settings that you have already.',
	used: 'The link’s settings are in place. Press start when you are ready.',
	copy: 'Copy link',
	copyHelp:
		'An address with this method, preset, seed and every setting that is not the default. It holds no answers and no texts.',
	copied: 'The link is on the clipboard. It holds settings only.',
	notCopied:
		'This browser keeps the clipboard from pages like this one. Copy the address bar instead.'
};
