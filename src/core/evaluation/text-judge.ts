/** A judge that reads texts alone, as a function: the same in the worker, which judges a run with it, and on the page. */
import { scaledReward } from '../feedback/gold-rewards';
import { goldScore } from '../feedback/simulated-annotator';
import type { GoldJudge } from '../records';
import { cappedHappiness } from './capped-happiness';

export type TextJudge = Exclude<GoldJudge, { kind: 'reward-model' }>;

/** Throws RangeError on a rule of a scripted judge that is wrong. */
export function textJudge(gold: TextJudge): (text: string) => number {
	switch (gold.kind) {
		case 'rule':
			return (text) => goldScore(gold.rule, text);
		case 'scripted':
			return scaledReward(gold.reward, gold.scale);
		case 'capped-happiness':
			return (text) => cappedHappiness(text, gold.length);
	}
}
