/** Methods that learn from answers already given, without a reward model between them and the weights. */
import type { MethodEntry } from './method-entry';

const PAIRS_LARGE = ['loss/preference', 'objective/kl'] as const;
const PAIRS_SMALL = [
	'rewards/accuracies',
	'rewards/margins',
	'eval/rewards_accuracies',
	'logps/chosen',
	'objective/scores',
	'objective/gold'
];
const LEAD = [
	'h',
	'lead of the chosen completion: ln (pi / ref)(chosen) - ln (pi / ref)(rejected)'
] as const;
const PULL = ['beta', 'pull to the base, reward per nat'] as const;
const MEAN = ['m', 'mean log-probability a token'] as const;
const TIES = 'A tie stays in, as a label of one half; others drop it.';
const RAFAILOV = {
	authors: 'Rafailov et al. 2023',
	title: 'Direct preference optimization',
	where: 'arXiv 2305.18290'
};

export const ANSWERING: readonly MethodEntry[] = [
	{
		id: 'dpo',
		method: 'dpo',
		variant: { loss: 'plain' },
		label: 'DPO',
		name: 'Direct preference optimisation',
		family: 'answers',
		sentence:
			'Learns straight from your pairs: the chosen text becomes likelier, the other less likely.',
		story:
			'The best policy for a reward is known in closed form, so the policy itself can stand for the reward. No reward model, no writing during training: fast, but it never sees what it would write now.',
		need: 'pairs',
		formula: ['loss = softplus(-beta h)'],
		where: [LEAD, PULL],
		deviations: [TIES],
		papers: [RAFAILOV],
		large: PAIRS_LARGE,
		small: PAIRS_SMALL,
		knobs: ['epochs', 'beta', 'lr']
	},
	{
		id: 'cdpo',
		method: 'dpo',
		variant: { loss: 'conservative' },
		label: 'cDPO',
		name: 'Conservative DPO',
		family: 'answers',
		sentence: 'DPO that takes a share of your answers for slips, and stops short of being certain.',
		story:
			'With a share of the labels turned round, no lead is ever aimed at that is larger than that share allows.',
		need: 'pairs',
		formula: ['loss = (1 - e) softplus(-beta h) + e softplus(beta h)'],
		where: [LEAD, ['e', 'share of answers taken for turned round'], PULL],
		deviations: [TIES],
		papers: [
			RAFAILOV,
			{
				authors: 'Mitchell 2023',
				title: 'A note on DPO with noisy preferences',
				where: 'ericmitchell.ai/cdpo.pdf'
			}
		],
		large: PAIRS_LARGE,
		small: PAIRS_SMALL,
		knobs: ['epochs', 'beta', 'flip']
	},
	{
		id: 'robust-dpo',
		method: 'dpo',
		variant: { loss: 'robust' },
		label: 'Robust DPO',
		name: 'Robust DPO',
		family: 'answers',
		sentence: 'DPO that undoes, on average, what turned-round answers would have taught.',
		story: 'Unlike cDPO it is unbiased: with enough pairs the slips cancel, at the price of noise.',
		need: 'pairs',
		formula: ['loss = ((1 - e) softplus(-beta h) - e softplus(beta h)) / (1 - 2 e)'],
		where: [LEAD, ['e', 'share of answers taken for turned round'], PULL],
		deviations: [TIES],
		papers: [
			{
				authors: 'Chowdhury et al. 2024',
				title: 'Provably robust DPO',
				where: 'arXiv 2403.00409'
			}
		],
		large: PAIRS_LARGE,
		small: PAIRS_SMALL,
		knobs: ['epochs', 'beta', 'flip']
	},
	{
		id: 'ipo',
		method: 'ipo',
		label: 'IPO',
		name: 'Identity preference optimisation',
		family: 'answers',
		sentence: 'Aims at a lead of a fixed size instead of an ever larger one.',
		story:
			'Where every answer agrees, DPO drives the lead to infinity. IPO draws it to one size and stays there.',
		need: 'pairs',
		formula: ['loss = (h - 1 / (2 tau))^2'],
		where: [LEAD, ['tau', 'pull to the base']],
		deviations: [
			'The lead is a mean by token by default, which its authors meant; the sum is a setting.',
			TIES
		],
		papers: [
			{
				authors: 'Azar et al. 2023',
				title: 'A general theoretical paradigm to understand learning from human preferences',
				where: 'arXiv 2310.12036'
			}
		],
		large: PAIRS_LARGE,
		small: PAIRS_SMALL,
		knobs: ['epochs', 'tau', 'lr']
	},
	{
		id: 'kto',
		method: 'kto',
		label: 'KTO',
		name: 'Kahneman-Tversky optimisation',
		family: 'answers',
		sentence: 'Learns from single texts called good or bad; a pair counts as one of each.',
		story:
			'Thumbs are easier to give than comparisons. A text is weighed against how far the model has drifted on unrelated ones, and losses are felt differently from gains.',
		need: 'labels',
		formula: [
			'good: lambda_D (1 - sigmoid(beta (x - z)))',
			'bad: lambda_U (1 - sigmoid(beta (z - x)))'
		],
		where: [
			['x', 'ln (pi / ref) of the completion'],
			['z', 'drift shown by mismatched prompts and completions, never below 0'],
			PULL
		],
		deviations: ['With labels of one kind alone both weights are 1.'],
		papers: [
			{
				authors: 'Ethayarajh et al. 2024',
				title: 'KTO: model alignment as prospect theoretic optimization',
				where: 'arXiv 2402.01306'
			}
		],
		large: PAIRS_LARGE,
		small: [
			'kto/kl',
			'rewards/margins',
			'eval/preference_loss',
			'objective/scores',
			'objective/gold'
		],
		knobs: ['epochs', 'beta', 'lr']
	},
	{
		id: 'simpo',
		method: 'simpo',
		label: 'SimPO',
		name: 'Simple preference optimisation',
		family: 'answers',
		sentence:
			'Compares by mean log-probability and asks for a margin; it needs no base model beside it.',
		story:
			'Length no longer helps, and half the passes are saved. But nothing pulls it back: take few epochs.',
		need: 'pairs',
		formula: ['loss = softplus(-(beta (m_chosen - m_rejected) - gamma))'],
		where: [MEAN, ['gamma', 'lead asked for']],
		deviations: [TIES],
		papers: [
			{
				authors: 'Meng et al. 2024',
				title: 'SimPO: simple preference optimization with a reference-free reward',
				where: 'arXiv 2405.14734'
			}
		],
		large: PAIRS_LARGE,
		small: PAIRS_SMALL,
		knobs: ['epochs', 'beta', 'gamma']
	},
	{
		id: 'orpo',
		method: 'orpo',
		label: 'ORPO',
		name: 'Odds ratio preference optimisation',
		family: 'answers',
		sentence: 'Imitates the chosen text and turns from the other, in one loss.',
		story:
			'Imitation and preference at once, for a model that has not been taught the task before.',
		need: 'pairs',
		formula: ['loss = -m_chosen + w softplus(-(o_chosen - o_rejected))', 'o = m - ln(1 - e^m)'],
		where: [MEAN, ['w', 'weight of the comparison'], ['o', 'log-odds']],
		deviations: [
			'A mean log-probability is held below -0.000001: certainty has infinite odds.',
			TIES
		],
		papers: [
			{
				authors: 'Hong et al. 2024',
				title: 'ORPO: monolithic preference optimization without reference model',
				where: 'arXiv 2403.07691'
			}
		],
		large: PAIRS_LARGE,
		small: PAIRS_SMALL,
		knobs: ['epochs', 'oddsWeight', 'lr']
	},
	{
		id: 'sft',
		method: 'sft',
		label: 'SFT',
		name: 'Supervised fine-tuning',
		family: 'imitates',
		sentence: 'Learns to write like given texts: your rewritten ones, and the ones you chose.',
		story:
			'Plain imitation, the first step of most pipelines. It knows only what to do, never what not to do.',
		need: 'texts',
		formula: ['loss = mean over tokens of -ln pi'],
		where: [['pi', 'probability that the model gives the next token of the text']],
		deviations: [],
		papers: [
			{
				authors: 'Ouyang et al. 2022',
				title: 'Training language models to follow instructions with human feedback',
				where: 'arXiv 2203.02155'
			}
		],
		large: ['sft/loss', 'objective/kl'],
		small: ['eval/sft_loss', 'sft/perplexity', 'objective/scores', 'objective/gold'],
		knobs: ['epochs', 'batchRows', 'lr']
	}
];
