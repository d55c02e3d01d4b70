/** Methods that let the model write, have the reward model score it, and learn from the scores. */
import type { MethodEntry } from './method-entry';

const SCORES = ['objective/scores', 'objective/kl'] as const;
const WRITTEN = ['tokens/responses_len_mean', 'val/distinct_2', 'rm/uncertainty', 'objective/gold'];
const PRICE = ['beta', 'the price of drifting, reward per nat'] as const;
const RATIO = [
	'rho',
	'pi / pi_old, how much likelier a token has become since it was written'
] as const;
const REWARD = ['r', 'the score of the whole completion by the reward model'] as const;

export const WRITING: readonly MethodEntry[] = [
	{
		id: 'ppo',
		method: 'ppo',
		label: 'PPO',
		name: 'Proximal policy optimisation',
		family: 'writes',
		sentence:
			'Writes, has it scored, and weighs every token by how much better it went than expected.',
		story:
			'The classic of RLHF. A second head, the critic, learns to foresee the score after each token; what came out better than foreseen becomes likelier. A clip keeps any one update from going too far, and a price on drifting keeps the model near the base.',
		need: 'reward-model',
		formula: [
			'loss = mean over tokens of max(-A rho, -A clip(rho, 1 - epsilon, 1 + epsilon))',
			'A_t = delta_t + gamma lambda A_t+1,  delta_t = r_t + gamma V_t+1 - V_t',
			'r_t = -beta (ln pi - ln ref), and the score at the last token'
		],
		where: [
			RATIO,
			['A', 'advantage: how much better than expected'],
			['V', 'what the critic expects before the token'],
			PRICE
		],
		deviations: [
			'The score stands at the last real token; TRL puts it one slot later.',
			'Advantages are whitened over the whole rollout, not over each minibatch.',
			'The horizon of the adaptive price is scaled to runs of browser size.',
			'Old log-probabilities come from a score pass, never from the sampler.'
		],
		papers: [
			{
				authors: 'Schulman et al. 2017',
				title: 'Proximal policy optimization algorithms',
				where: 'arXiv 1707.06347'
			},
			{
				authors: 'Ziegler et al. 2019',
				title: 'Fine-tuning language models from human preferences',
				where: 'arXiv 1909.08593'
			}
		],
		large: SCORES,
		small: ['policy/entropy_avg', 'loss/value_avg', 'policy/clipfrac_avg', ...WRITTEN],
		knobs: ['iterations', 'klCoef', 'lr']
	},
	{
		id: 'rloo',
		method: 'rloo',
		label: 'RLOO',
		name: 'REINFORCE, leave one out',
		family: 'writes',
		sentence:
			'Writes several completions of each prompt and compares each with the others; no critic.',
		story:
			'The mean of the other completions of the same prompt says what was to be expected, so no critic has to be learned. Simple, steady, and often as good as PPO.',
		need: 'reward-model',
		formula: [
			'loss = mean over completions of max(-A rho, -A clip(rho, 1 - epsilon, 1 + epsilon))',
			'A_i = R_i - mean of the other R_j of its prompt',
			'R = r - beta (ln pi(y) - ln ref(y))'
		],
		where: [['rho', 'pi(y) / pi_old(y), of the whole completion'], REWARD, PRICE],
		deviations: ['A group whose completions all score the same teaches exactly nothing.'],
		papers: [
			{
				authors: 'Ahmadian et al. 2024',
				title: 'Back to basics: revisiting REINFORCE-style optimization',
				where: 'arXiv 2402.14740'
			}
		],
		large: SCORES,
		small: ['policy/entropy_avg', 'policy/clipfrac_avg', 'val/frac_reward_zero_std', ...WRITTEN],
		knobs: ['iterations', 'klCoef', 'lr']
	},
	{
		id: 'grpo',
		method: 'grpo',
		label: 'GRPO',
		name: 'Group relative policy optimisation',
		family: 'writes',
		sentence: 'Like RLOO, but measures each completion in spreads of its group, token by token.',
		story:
			'The method behind several reasoning models. Dividing by the spread favours prompts on which everything scores nearly alike; its preset Dr. GRPO leaves that out.',
		need: 'reward-model',
		formula: [
			'loss = sum over tokens of w_t max(-A rho_t, -A clip(rho_t, 1 - epsilon, 1 + epsilon))',
			'A_i = (R_i - mean of its group) / (spread of its group + 0.0001)',
			'Dr. GRPO: A_i = R_i - mean of its group'
		],
		where: [RATIO, ['R', 'score less the price of drifting'], ['w', 'what a token counts']],
		deviations: [
			'The price of drifting is in the reward by default, where its gradient is the true one; in the loss by choice.',
			'A group whose completions all score the same teaches exactly nothing.'
		],
		papers: [
			{
				authors: 'Shao et al. 2024',
				title: 'DeepSeekMath',
				where: 'arXiv 2402.03300'
			},
			{
				authors: 'Liu et al. 2025',
				title: 'Understanding R1-Zero-like training (Dr. GRPO)',
				where: 'arXiv 2503.20783'
			}
		],
		large: SCORES,
		small: ['policy/entropy_avg', 'policy/clipfrac_avg', 'val/frac_reward_zero_std', ...WRITTEN],
		knobs: ['iterations', 'klCoef', 'lr']
	},
	{
		id: 'reinforce',
		method: 'reinforce',
		label: 'REINFORCE',
		name: 'REINFORCE with a baseline',
		family: 'writes',
		sentence: 'The plainest of them: what scored above the average becomes likelier, once.',
		story:
			'From 1992, and all one needs to see the idea: no ratio, no clip, no critic. Each batch is good for one step, so it learns more slowly.',
		need: 'reward-model',
		formula: ['loss = mean over completions of -(R - b) ln pi(y)', 'R = r - beta (ln pi - ln ref)'],
		where: [REWARD, ['b', 'baseline: what was to be expected'], PRICE],
		deviations: ['The mean of the batch leaves out the completion it is compared with.'],
		papers: [
			{
				authors: 'Williams 1992',
				title: 'Simple statistical gradient-following algorithms',
				where: 'Machine Learning 8, 229-256'
			}
		],
		large: SCORES,
		small: ['policy/entropy_avg', ...WRITTEN],
		knobs: ['iterations', 'klCoef', 'lr']
	},
	{
		id: 'online-dpo',
		method: 'online-dpo',
		label: 'Online DPO',
		name: 'Online direct preference optimisation',
		family: 'writes',
		sentence:
			'Writes several, lets the reward model name the best and the worst, and learns from that pair.',
		story:
			'DPO on fresh pairs: the labels come from the reward model instead of you, and the pairs from the model as it is now, so it does not go stale.',
		need: 'reward-model',
		formula: ['loss = softplus(-beta h)', 'h = ln (pi / ref)(best) - ln (pi / ref)(worst)'],
		where: [['beta', 'pull to the base, reward per nat']],
		deviations: ['A prompt whose completions all score the same gives no pair.'],
		papers: [
			{
				authors: 'Guo et al. 2024',
				title: 'Direct language model alignment from online AI feedback',
				where: 'arXiv 2402.04792'
			}
		],
		large: SCORES,
		small: ['loss/preference', 'rewards/margins', 'rewards/accuracies', ...WRITTEN],
		knobs: ['iterations', 'beta', 'lr']
	},
	{
		id: 'best-of-n',
		method: 'best-of-n',
		label: 'Best of n',
		name: 'Best of n',
		family: 'compares',
		sentence:
			'Trains nothing: writes n completions, keeps the one that scores best, and tells what that is worth.',
		story:
			'The yardstick: what any tuning has to beat at the same drift. It changes no weights, and pays with n times the writing.',
		need: 'reward-model',
		formula: [
			'E[best of n] = sum over ranks i of C(i - 1, n - 1) / C(N, n) times the score of rank i',
			'KL = ln n - (n - 1) / n'
		],
		where: [
			['N', 'completions written of each prompt; every n up to N is estimated from the same ones']
		],
		deviations: ['Completions of the same score share the weights of their ranks.'],
		papers: [
			{
				authors: 'Gao et al. 2023',
				title: 'Scaling laws for reward model overoptimization',
				where: 'arXiv 2210.10760'
			}
		],
		large: ['best_of_n/proxy', 'objective/scores'],
		small: ['best_of_n/gold', 'objective/gold'],
		knobs: ['samples', 'prompts', 'temperature']
	}
];
