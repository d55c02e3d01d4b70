import { expect, test } from 'vitest';
import { DEFAULT_DPO, DEFAULT_PPO } from '../../../src/core/config';
import { changedSettings, differingSettings } from '../../../src/core/run-comparison';

const ppo = (changes: Partial<typeof DEFAULT_PPO> = {}) => ({
	kind: 'ppo' as const,
	config: { ...DEFAULT_PPO, ...changes }
});

test('only what differs is told, with the defaults marked', () => {
	const compared = differingSettings([ppo({ lr: 1e-3, batch: 16 }), ppo({ batch: 16 })]);
	expect(compared).toMatchObject([
		{
			key: 'lr',
			cells: [
				{ value: 1e-3, isDefault: false },
				{ value: DEFAULT_PPO.lr, isDefault: true }
			]
		}
	]);
	expect(differingSettings([ppo(), ppo()])).toEqual([]);
});

test('a method without the setting has an empty cell, which differs from nothing', () => {
	const dpo = { kind: 'dpo' as const, config: { ...DEFAULT_DPO, temperature: 0.5 } };
	const compared = differingSettings([ppo(), dpo]);
	expect(compared.map(({ key }) => key)).toContain('temperature');
	// PPO alone has a clip range, DPO alone a beta.
	expect(compared.map(({ key }) => key)).not.toContain('clipRange');
	expect(compared.find(({ key }) => key === 'lr')?.cells.map((cell) => cell?.isDefault)).toEqual([
		true,
		true
	]);
	const [, , ...three] = differingSettings([ppo(), dpo, ppo({ clipRange: 0.1 })]);
	expect(three.length).toBeGreaterThan(0);
	const clip = differingSettings([ppo(), dpo, ppo({ clipRange: 0.1 })]).find(
		({ key }) => key === 'clipRange'
	);
	expect(clip?.cells).toEqual([
		{ value: 0.2, isDefault: true },
		null,
		{ value: 0.1, isDefault: false }
	]);
});

test('a run from before a setting was there ran with its default', () => {
	const { criticWarmup, ...older } = DEFAULT_PPO;
	expect(criticWarmup).toBe(0);
	const old = { kind: 'ppo' as const, config: older as typeof DEFAULT_PPO };
	expect(differingSettings([old, ppo()])).toEqual([]);
	expect(changedSettings(ppo({ gamma: 0.9 }))).toEqual([
		expect.objectContaining({ key: 'gamma', value: 0.9, default: 1 })
	]);
});
