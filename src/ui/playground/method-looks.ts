/** Each method by colour and by dash, so that both tell it apart. */
import type { PlaygroundMethod } from '../../protocol/playground';

export const TONES: Readonly<Record<PlaygroundMethod, string>> = {
	ppo: 'a',
	rloo: 'b',
	dpo: 'kl'
};

export const DASHES: Readonly<Record<PlaygroundMethod, string>> = {
	ppo: '',
	rloo: '9 4',
	dpo: '3 3'
};
