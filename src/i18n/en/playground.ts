import type { PlaygroundMethod } from '../../protocol/playground';

const names: Record<PlaygroundMethod, string> = { ppo: 'PPO', rloo: 'RLOO', dpo: 'DPO' };

export const playground = {
	title: 'A world small enough to know the answer',
	lead: 'Four words, two places: sixteen texts in all. Here the best policy can be worked out, and three methods can be watched on their way to it.',
	back: 'Back to Tune',
	names,
	beta: 'Price of drifting, beta',
	betaHelp:
		'What a nat of drift costs in reward. The best policy makes each text e^(reward / beta) times as likely as the base does, then shares out what that comes to.',
	plane: 'Drift and reward',
	planeSummary: (kl: string, reward: string) =>
		`The best policy at this price has drifted ${kl} nats and earns ${reward}.`,
	xAxis: 'drift from the base, nats',
	yAxis: 'expected reward',
	frontier: 'the best there is at each drift',
	optimum: 'the best at this price',
	base: 'base',
	price: 'a line of equal worth: its slope is beta',
	bestOf: (n: number) => `best of ${n}`,
	drag: 'Drag the ring along the curve, or move the slider.',
	progress: 'Where on their way',
	progressAt: (share: string) => `${share} of the way`,
	play: 'Play again',
	working: (name: string) => `${name} is learning…`,
	table: 'How they end',
	method: 'Method',
	reward: 'Reward',
	kl: 'Drift',
	apart: 'From the best',
	apartHelp: 'KL(policy || best policy), nats: 0 is the very policy that was worked out.',
	worth: 'Worth',
	worthHelp:
		'Reward less beta times drift: what is being made larger. Nothing can be worth more than the best.',
	bestRow: 'the best',
	texts: 'The sixteen texts',
	textsLead: 'Change what a text is worth, and see where everything goes.',
	words: ['sun', 'rain', 'cat', 'sea'],
	rewardOf: (text: string) => `Reward of “${text}”`,
	resetRewards: 'Rewards as they were',
	shown: 'Probabilities',
	legend: { base: 'base', now: (name: string) => `${name} now`, best: 'best' },
	newSeed: 'Another draw of luck'
};
