/**
 * The catalogue of metrics: every key a job logs, with what a person needs to read its curve. Charts, tables, help and the
 * glossary all read from here. Keys are those of OpenAI's and TRL's PPO where those have one.
 */

export interface Metric {
	key: string;
	/** Plain words; a chart's title. */
	label: string;
	symbol: string;
	/** '' for a pure number. */
	unit: string;
	/** Values that can occur at all; null = no bound. */
	range: readonly [number | null, number | null];
	/** Which way is good, if one is. */
	direction: 'up' | 'down' | 'neither';
	/** One sentence. */
	help: string;
	formula: string;
	source: string;
}

const LMHP = 'Ziegler et al. 2019; openai/lm-human-preferences train_policy.py';
const TRL = 'huggingface/trl ppo_trainer.py';
const PPO = 'Schulman et al. 2017, arXiv 1707.06347';
const OWN = 'Tiller';

const PPO_METRICS = [
	{
		key: 'objective/scores',
		label: 'How much the reward model likes it',
		symbol: 'r',
		unit: 'sd of the base',
		range: [null, null],
		direction: 'up',
		help: 'Mean score of the completions by the reward model, where 0 is what the base model gets on average and 1 is one standard deviation better.',
		formula:
			'mean over completions of gain * r(x, y) + bias, after clipping and the missing-end rule',
		source: TRL
	},
	{
		key: 'objective/kl',
		label: 'How far it has drifted from the base',
		symbol: 'KL',
		unit: 'nats',
		range: [null, null],
		direction: 'neither',
		help: 'How different the tuned model has become; some drift is the point, but far beyond the target the text usually breaks.',
		formula: 'mean over completions of sum over tokens of (ln pi - ln rho)',
		source: LMHP
	},
	{
		key: 'objective/kl_seq_k3',
		label: 'Drift, the estimate that is never negative',
		symbol: 'KL (k3)',
		unit: 'nats',
		range: [0, null],
		direction: 'neither',
		help: 'The same drift by an estimator with less noise; where the two part for long, something is wrong.',
		formula: 'mean over completions of sum over tokens of (exp(-d) - 1 + d), d = ln pi - ln rho',
		source: 'Schulman 2020, "Approximating KL divergence"'
	},
	{
		key: 'objective/kl_coef',
		label: 'Price of drifting',
		symbol: 'beta',
		unit: 'reward per nat',
		range: [0, null],
		direction: 'neither',
		help: 'How much reward each nat of drift costs; the adaptive controller moves it to hold the drift near its target.',
		formula: 'beta *= 1 + clip(KL / target - 1, +-0.2) * episodes / horizon',
		source: LMHP
	},
	{
		key: 'objective/entropy',
		label: 'How surprising its texts are to itself',
		symbol: '-ln pi(y)',
		unit: 'nats',
		range: [0, null],
		direction: 'neither',
		help: 'Falls when the model settles on few texts; a fall to almost nothing means that it says the same thing every time.',
		formula: 'mean over completions of -sum over tokens of ln pi',
		source: LMHP
	},
	{
		key: 'objective/non_score_reward',
		label: 'Paid for drifting',
		symbol: '-beta KL',
		unit: 'sd of the base',
		range: [null, null],
		direction: 'neither',
		help: 'What the price of drifting takes off the score of a completion, on average.',
		formula: '-beta * mean over completions of sum over tokens of (ln pi - ln rho)',
		source: TRL
	},
	{
		key: 'objective/rlhf_reward',
		label: 'Score less the price of drifting',
		symbol: 'r - beta KL',
		unit: 'sd of the base',
		range: [null, null],
		direction: 'up',
		help: 'What tuning really makes larger: the score minus what the drift costs.',
		formula: 'objective/scores + objective/non_score_reward',
		source: TRL
	},
	{
		key: 'policy/approxkl_avg',
		label: 'How far one update moves',
		symbol: 'KL (k2)',
		unit: 'nats a token',
		range: [0, null],
		direction: 'neither',
		help: 'How far the policy went from the one that wrote the batch; above about 0.02 the updates are large.',
		formula: 'mean over tokens of (ln pi - ln pi_old)^2 / 2',
		source: LMHP
	},
	{
		key: 'policy/policykl',
		label: 'Move of one update, with sign',
		symbol: 'KL (k1)',
		unit: 'nats a token',
		range: [null, null],
		direction: 'neither',
		help: 'The same move by the estimator that decides when to stop the epochs of an iteration early.',
		formula: 'mean over tokens of (ln pi_old - ln pi)',
		source: 'huggingface/trl v0.11.4 ppo_trainer.py'
	},
	{
		key: 'policy/clipfrac_avg',
		label: 'Tokens held back by the clip',
		symbol: 'clip fraction',
		unit: '',
		range: [0, 1],
		direction: 'neither',
		help: 'Share of tokens that had moved as far as one update allows; around 0.1 is usual, near 0.5 the learning rate is too high.',
		formula: 'share of tokens with -A clip(ratio) > -A ratio',
		source: PPO
	},
	{
		key: 'policy/entropy_avg',
		label: 'How open its choices are',
		symbol: 'H',
		unit: 'nats a token',
		range: [0, null],
		direction: 'neither',
		help: 'Mean uncertainty about the next token; it falls as the model makes up its mind.',
		formula: 'mean over tokens of -sum p ln p over the vocabulary',
		source: LMHP
	},
	{
		key: 'loss/policy_avg',
		label: 'Policy loss',
		symbol: 'L_policy',
		unit: '',
		range: [null, null],
		direction: 'neither',
		help: 'The quantity the policy is moved against; its level says little, because the data is new in every iteration.',
		formula: 'mean over tokens of max(-A ratio, -A clip(ratio, 1 +- epsilon))',
		source: PPO
	},
	{
		key: 'loss/value_avg',
		label: 'Value loss',
		symbol: 'L_value',
		unit: 'reward squared',
		range: [0, null],
		direction: 'down',
		help: 'How badly the value head foresees the reward; it should fall and stay low.',
		formula: 'mean over tokens of max((V - R)^2, (clip(V, V_old +- c) - R)^2) / 2',
		source: LMHP
	},
	{
		key: 'val/clipfrac_avg',
		label: 'Values held back by the clip',
		symbol: 'value clip fraction',
		unit: '',
		range: [0, 1],
		direction: 'neither',
		help: 'Share of tokens whose value had moved as far as one update allows; always near 1 means that the value head cannot follow.',
		formula: 'share of tokens with the clipped squared error the larger',
		source: LMHP
	},
	{
		key: 'val/explained_variance',
		label: 'How much of the return is foreseen',
		symbol: 'EV',
		unit: '',
		range: [null, 1],
		direction: 'up',
		help: '1 means that the value head foresees the reward perfectly, 0 that it does no better than the average, below 0 worse.',
		formula: '1 - mean((V - R)^2) / var(R) over tokens',
		source: LMHP
	},
	{
		key: 'val/ratio',
		label: 'Probability now against when written',
		symbol: 'ratio',
		unit: '',
		range: [0, null],
		direction: 'neither',
		help: 'Mean of how much more likely the tokens have become during the update; it stays close to 1.',
		formula: 'mean over tokens of exp(ln pi - ln pi_old)',
		source: TRL
	},
	{
		key: 'val/ratio_var',
		label: 'Spread of that ratio',
		symbol: 'var ratio',
		unit: '',
		range: [0, null],
		direction: 'down',
		help: 'Large spread means that some tokens have changed very much in one update.',
		formula: 'population variance over tokens of exp(ln pi - ln pi_old)',
		source: TRL
	},
	{
		key: 'val/first_minibatch_ratio',
		label: 'Ratio before anything was learned',
		symbol: 'ratio_0',
		unit: '',
		range: [0, null],
		direction: 'neither',
		help: 'Must be 1: the first minibatch compares the model with itself, so anything else is a mistake in the arithmetic.',
		formula: 'mean over tokens of the first minibatch of exp(ln pi - ln pi_old)',
		source: OWN
	},
	{
		key: 'val/num_eos_tokens',
		label: 'Texts that ended by themselves',
		symbol: 'ends',
		unit: 'completions',
		range: [0, null],
		direction: 'neither',
		help: 'How many completions of the batch reached their end token.',
		formula: 'number of completions with an end token',
		source: TRL
	},
	{
		key: 'val/eos_rate',
		label: 'Share of texts that ended by themselves',
		symbol: 'end rate',
		unit: '',
		range: [0, 1],
		direction: 'neither',
		help: 'Share of completions that reached their end token before the length limit.',
		formula: 'val/num_eos_tokens / completions',
		source: OWN
	},
	{
		key: 'tokens/responses_len_mean',
		label: 'Length of the completions',
		symbol: 'length',
		unit: 'tokens',
		range: [0, null],
		direction: 'neither',
		help: 'Mean length; a reward model that likes long or short texts shows here first.',
		formula: 'mean over completions of response tokens',
		source: 'huggingface/trl v0.11.4 ppo_trainer.py'
	},
	{
		key: 'tokens/responses_len_std',
		label: 'Spread of the lengths',
		symbol: 'sd length',
		unit: 'tokens',
		range: [0, null],
		direction: 'neither',
		help: 'Standard deviation of the lengths; zero means that every completion has the same length.',
		formula: 'population standard deviation over completions of response tokens',
		source: 'huggingface/trl v0.11.4 ppo_trainer.py'
	},
	{
		key: 'val/distinct_2',
		label: 'Variety',
		symbol: 'distinct-2',
		unit: '',
		range: [0, 1],
		direction: 'up',
		help: 'Share of different token pairs among all; it falls when completions repeat themselves or each other.',
		formula: 'different bigrams / bigrams over the completions of the batch',
		source: 'Li et al. 2016, arXiv 1510.03055'
	},
	{
		key: 'val/repetition_rate',
		label: 'Going round in circles',
		symbol: 'rep-3',
		unit: '',
		range: [0, 1],
		direction: 'down',
		help: 'Share of three-token phrases that occurred before in the same completion.',
		formula: 'mean over completions of 1 - different trigrams / trigrams',
		source: OWN
	},
	{
		key: 'lr',
		label: 'Learning rate',
		symbol: 'eta',
		unit: '',
		range: [0, null],
		direction: 'neither',
		help: 'Size of the optimiser steps; the linear schedule lets it fall to 0 at the end of the run.',
		formula: 'lr * (1 - step / steps) or lr',
		source: LMHP
	},
	{
		key: 'episode',
		label: 'Completions so far',
		symbol: 'n',
		unit: 'completions',
		range: [0, null],
		direction: 'neither',
		help: 'How many completions the policy has learned from.',
		formula: 'iterations * batch',
		source: TRL
	},
	{
		key: 'grad_norm',
		label: 'Size of the gradient',
		symbol: '|g|',
		unit: '',
		range: [0, null],
		direction: 'neither',
		help: 'Length of the gradient before clipping; sudden peaks are what the clipping is for.',
		formula: 'sqrt(sum of squares over all weights)',
		source: OWN
	},
	{
		key: 'perf/tokens_per_second',
		label: 'Speed',
		symbol: 'tokens/s',
		unit: 'tokens a second',
		range: [0, null],
		direction: 'up',
		help: 'Sampled tokens over the whole time of an iteration, learning included.',
		formula: 'response tokens / seconds of the iteration',
		source: OWN
	}
] as const satisfies readonly Metric[];

const REWARD_METRICS = [
	{
		key: 'reward/loss',
		label: 'Loss on the answers it learns from',
		symbol: 'L',
		unit: 'nats',
		range: [0, null],
		direction: 'down',
		help: 'How surprised the reward model is by your answers; a model that knows nothing has ln 2 = 0.693.',
		formula:
			'mean over pairs of -ln P(your answer), P = sigmoid(r_a - r_b) with lapses, plus centering',
		source: 'Bradley & Terry 1952; huggingface/trl reward_trainer.py'
	},
	{
		key: 'reward/held_out_loss',
		label: 'Loss on answers kept back',
		symbol: 'L held out',
		unit: 'nats',
		range: [0, null],
		direction: 'down',
		help: 'The same on prompts it has never seen; when it rises while the other falls, the model is learning by heart.',
		formula: 'reward/loss over the held-out pairs',
		source: OWN
	},
	{
		key: 'reward/accuracy',
		label: 'Answers it gets right, of those it learns from',
		symbol: 'acc',
		unit: '',
		range: [0, 1],
		direction: 'up',
		help: 'Share of decided pairs in which the completion you chose has the higher score; 0.5 is guessing.',
		formula: 'share of pairs with r_chosen > r_rejected, equal ones count half, ties left out',
		source: 'huggingface/trl reward_trainer.py'
	},
	{
		key: 'reward/held_out_accuracy',
		label: 'Answers it gets right, of those kept back',
		symbol: 'acc held out',
		unit: '',
		range: [0, 1],
		direction: 'up',
		help: 'The same on prompts it has never seen: the honest number; it cannot exceed how often you would agree with yourself.',
		formula: 'reward/accuracy over the held-out pairs',
		source: OWN
	},
	{
		key: 'reward/margin',
		label: 'Lead of what you chose',
		symbol: 'r_c - r_r',
		unit: '',
		range: [null, null],
		direction: 'up',
		help: 'By how much the chosen completions score higher, on average.',
		formula: 'mean over decided pairs of r_chosen - r_rejected',
		source: 'huggingface/trl reward_trainer.py'
	},
	{
		key: 'reward/mean',
		label: 'Mean raw score',
		symbol: 'mean r',
		unit: '',
		range: [null, null],
		direction: 'neither',
		help: 'The level of the raw scores, which means nothing by itself; centering keeps it near 0.',
		formula: 'mean over both completions of all pairs of r',
		source: 'huggingface/trl reward_trainer.py'
	},
	{
		key: 'reward/len_corr',
		label: 'Does it just like length?',
		symbol: 'corr(r, length)',
		unit: '',
		range: [-1, 1],
		direction: 'neither',
		help: 'Correlation of score and length; near 1 or -1 the reward model mostly counts tokens.',
		formula: "Pearson's correlation over completions of r and response tokens",
		source: OWN
	}
] as const satisfies readonly Metric[];

const METHOD_METRICS = [
	{
		key: 'loss/preference',
		label: 'Loss on the preferences',
		symbol: 'L_pref',
		unit: '',
		range: [null, null],
		direction: 'down',
		help: 'How badly the policy itself explains the answers; methods differ in its scale, so compare it within one method only.',
		formula: "mean over pairs (KTO, BCO: completions) of the method's loss",
		source: 'Rafailov et al. 2023, arXiv 2305.18290; huggingface/trl dpo_trainer.py'
	},
	{
		key: 'rewards/chosen',
		label: 'Implied score of what was chosen',
		symbol: 'r_c implied',
		unit: '',
		range: [null, null],
		direction: 'neither',
		help: 'How much likelier chosen completions have become than under the base; that it falls while the lead grows is usual, and no fault.',
		formula:
			'mean over chosen completions of beta * (ln pi - ln rho), or what the method has in its place',
		source: 'huggingface/trl dpo_trainer.py'
	},
	{
		key: 'rewards/rejected',
		label: 'Implied score of what was not chosen',
		symbol: 'r_r implied',
		unit: '',
		range: [null, null],
		direction: 'down',
		help: 'How much likelier rejected completions have become than under the base; it should fall below that of the chosen ones.',
		formula:
			'mean over rejected completions of beta * (ln pi - ln rho), or what the method has in its place',
		source: 'huggingface/trl dpo_trainer.py'
	},
	{
		key: 'rewards/margins',
		label: 'Implied lead of what was chosen',
		symbol: 'r_c - r_r implied',
		unit: '',
		range: [null, null],
		direction: 'up',
		help: 'By how much the policy has come to prefer what you chose, measured against the base.',
		formula: 'rewards/chosen - rewards/rejected',
		source: 'huggingface/trl dpo_trainer.py'
	},
	{
		key: 'rewards/accuracies',
		label: 'Answers the policy itself agrees with',
		symbol: 'acc implied',
		unit: '',
		range: [0, 1],
		direction: 'up',
		help: 'Share of decided pairs in which the policy has raised the chosen completion more than the other one.',
		formula:
			'share of decided pairs with the higher implied score on the chosen side, equal ones half',
		source: 'huggingface/trl dpo_trainer.py'
	},
	{
		key: 'logps/chosen',
		label: 'Log-probability of what was chosen',
		symbol: 'ln pi(y_c)',
		unit: 'nats',
		range: [null, 0],
		direction: 'neither',
		help: 'How likely the policy finds the chosen completions; it often falls in direct methods, because only the lead is trained.',
		formula: 'mean over decided pairs of the sum over tokens of ln pi of the chosen side',
		source: 'huggingface/trl dpo_trainer.py'
	},
	{
		key: 'logps/rejected',
		label: 'Log-probability of what was not chosen',
		symbol: 'ln pi(y_r)',
		unit: 'nats',
		range: [null, 0],
		direction: 'neither',
		help: 'How likely the policy finds the rejected completions.',
		formula: 'mean over decided pairs of the sum over tokens of ln pi of the rejected side',
		source: 'huggingface/trl dpo_trainer.py'
	},
	{
		key: 'kto/kl',
		label: 'Drift that any completion shows',
		symbol: 'z',
		unit: 'nats',
		range: [0, null],
		direction: 'neither',
		help: 'What KTO compares completions with: the drift on completions that belong to other prompts.',
		formula: 'max(0, mean over mismatched rows of (ln pi - ln rho))',
		source: 'Ethayarajh et al. 2024, arXiv 2402.01306'
	},
	{
		key: 'val/pairs_left_out',
		label: 'Examples without a token',
		symbol: 'left out',
		unit: 'examples',
		range: [0, null],
		direction: 'down',
		help: 'Pairs or completions of the batch that could not be learned from, because a completion in them is empty.',
		formula: 'number of examples with an empty completion',
		source: OWN
	},
	{
		key: 'sft/loss',
		label: 'Surprise at the texts to imitate',
		symbol: 'NLL',
		unit: 'nats a token',
		range: [0, null],
		direction: 'down',
		help: 'How unlikely the model finds the next token of the texts that it should imitate, on average.',
		formula: 'mean over tokens of -ln pi',
		source: 'Ouyang et al. 2022, arXiv 2203.02155'
	},
	{
		key: 'sft/perplexity',
		label: 'Perplexity on the texts to imitate',
		symbol: 'PPL',
		unit: '',
		range: [1, null],
		direction: 'down',
		help: 'Among how many equally likely tokens the model would be wavering, to be as surprised as it is.',
		formula: 'exp(sft/loss)',
		source: 'Jelinek et al. 1977'
	},
	{
		key: 'policy/sequence_kl',
		label: 'Move of one update, whole completions',
		symbol: 'KL (k1), sequence',
		unit: 'nats',
		range: [null, null],
		direction: 'neither',
		help: 'How far the policy went from the one that wrote the batch, for methods that take a completion as one action.',
		formula: 'mean over completions of (ln pi_old(y) - ln pi(y))',
		source: 'Ahmadian et al. 2024, arXiv 2402.14740'
	},
	{
		key: 'val/frac_reward_zero_std',
		label: 'Groups that teach nothing',
		symbol: 'flat groups',
		unit: '',
		range: [0, 1],
		direction: 'down',
		help: 'Share of prompts whose completions all scored the same, so that comparing them says nothing.',
		formula: 'share of groups whose rewards have no spread',
		source: 'huggingface/trl grpo_trainer.py'
	},
	{
		key: 'loss/kl_avg',
		label: 'Price of drifting inside the loss',
		symbol: 'L_KL',
		unit: '',
		range: [0, null],
		direction: 'neither',
		help: 'What drifting costs where it is paid for in the loss and not in the reward.',
		formula:
			'coefficient * mean over tokens of k2 = (ln pi - ln rho)^2 / 2 (k3 for GRPO as published)',
		source: 'arXiv 2510.01555'
	}
] as const satisfies readonly Metric[];

/** What the jobs measure besides: judges, held-out rows, pace. */
const JOB_METRICS = [
	{
		key: 'objective/gold',
		label: 'What the judge says',
		symbol: 'gold',
		unit: '',
		range: [null, null],
		direction: 'up',
		help: 'Mean verdict of a judge that nothing learns from; when it falls while the score still rises, the reward model is being deceived.',
		formula: "mean over completions of the judge's score, on the judge's own scale",
		source: 'Gao et al. 2023, arXiv 2210.10760'
	},
	{
		key: 'rm/uncertainty',
		label: 'How unsure the reward model is',
		symbol: 'sd r',
		unit: 'sd of the base',
		range: [0, null],
		direction: 'down',
		help: 'How much the heads of the reward model disagree about the completions; where it rises, more answers are worth giving.',
		formula: 'mean over completions of the standard deviation over the heads of the ensemble',
		source: 'Coste et al. 2024, arXiv 2310.02743'
	},
	{
		key: 'eval/preference_loss',
		label: 'Loss on preferences kept back',
		symbol: 'L_pref held out',
		unit: '',
		range: [null, null],
		direction: 'down',
		help: 'The same loss on answers that were not learned from; when it rises while the other falls, the policy learns by heart.',
		formula: "mean over held-out pairs (KTO: completions) of the method's loss",
		source: 'huggingface/trl dpo_trainer.py'
	},
	{
		key: 'eval/rewards_accuracies',
		label: 'Preferences kept back that it gets right',
		symbol: 'accuracy held out',
		unit: '',
		range: [0, 1],
		direction: 'up',
		help: 'Share of answers it was not shown in which the chosen completion has the higher implied score.',
		formula: 'share of decided held-out pairs with implied r_c > r_r',
		source: 'huggingface/trl dpo_trainer.py'
	},
	{
		key: 'eval/sft_loss',
		label: 'Surprise at texts kept back',
		symbol: 'NLL held out',
		unit: 'nats a token',
		range: [0, null],
		direction: 'down',
		help: 'How surprising texts are that it did not learn from; when this rises it has begun to learn by heart.',
		formula: 'mean over tokens of held-out texts of -ln pi',
		source: 'huggingface/trl sft_trainer.py'
	},
	{
		key: 'best_of_n/proxy',
		label: 'Score of the best of n',
		symbol: 'r of best',
		unit: 'sd of the base',
		range: [null, null],
		direction: 'up',
		help: 'What the reward model gives the best of all completions of a prompt, which it chose itself.',
		formula: 'unbiased estimate of E[max of n scores], mean over prompts',
		source: 'Coste et al. 2024, arXiv 2310.02743'
	},
	{
		key: 'best_of_n/gold',
		label: "The judge's word on the best of n",
		symbol: 'gold of best',
		unit: '',
		range: [null, null],
		direction: 'up',
		help: 'What the judge says of the completion that the reward model likes best.',
		formula: 'unbiased estimate of E[gold of the best of n by score], mean over prompts',
		source: 'Coste et al. 2024, arXiv 2310.02743'
	},
	{
		key: 'reward/weight_decay',
		label: 'Weight decay now',
		symbol: 'lambda_wd',
		unit: '',
		range: [0, null],
		direction: 'neither',
		help: 'How strongly weights are pulled to 0; where it sets itself, it follows the gap between answers learned and kept back.',
		formula: 'times 2 where held-out loss / training loss > 1.5, times 0.5 where < 1.1',
		source: 'HumanCompatibleAI/imitation regularization/updaters.py'
	},
	{
		key: 'epoch',
		label: 'Epochs done',
		symbol: 'epoch',
		unit: 'epochs',
		range: [0, null],
		direction: 'neither',
		help: 'How many times the rows have been gone through.',
		formula: 'steps / steps per epoch',
		source: OWN
	},
	{
		key: 'perf/rows_per_second',
		label: 'Rows learned per second',
		symbol: 'rows/s',
		unit: 'rows/s',
		range: [0, null],
		direction: 'up',
		help: 'The pace of a method that learns from texts written before.',
		formula: 'rows of a step / its seconds',
		source: OWN
	}
] as const satisfies readonly Metric[];

/** All metrics, in the order in which they are listed. */
export const METRICS: readonly Metric[] = [
	...PPO_METRICS,
	...REWARD_METRICS,
	...METHOD_METRICS,
	...JOB_METRICS
];

const BY_KEY = new Map(METRICS.map((metric) => [metric.key, metric]));

/** The entry of a key; undefined for a key that no job of this version logs (an imported run). */
export function metricOf(key: string): Metric | undefined {
	return BY_KEY.get(key);
}
