import { describe, expect, test } from 'vitest';
import { indented, layOut } from '../../../src/core/lineage-layout';
import { kinOf, lineageOf, type LineageRecords } from '../../../src/core/lineage';
import { driftOf, staleItems, type HashedRow } from '../../../src/core/staleness';
import type { DatasetVersionRecord, Run } from '../../../src/core/records';
import { makeEvaluation, makePolicy, makeRewardModel, makeRun } from '../../support/records';

function makeVersionRecord(hash: string): DatasetVersionRecord {
	return {
		...{ id: `record ${hash}`, studyId: 's', version: 2, createdAt: 1, madeFor: 'reward' },
		// All of a version that lineage reads.
		dataset: { id: hash, name: 'Training', number: 1 } as DatasetVersionRecord['dataset']
	};
}

/** data -> reward run -> reward model -> PPO run -> policy -> blind test; a fork of the run; a judge on other data. */
function study() {
	const [data, other] = [makeVersionRecord('h1'), makeVersionRecord('h2')];
	const rewardRun = makeRun('s', { kind: 'reward', parents: { datasetVersionId: 'h1' } });
	const judgeRun = makeRun('s', { kind: 'reward', parents: { datasetVersionId: 'h2' } });
	const reward = makeRewardModel(rewardRun);
	const judge = makeRewardModel(judgeRun, { name: 'Judge' });
	const ppo = makeRun('s', {
		parents: { rewardModelId: reward.id },
		gold: { kind: 'reward-model', rewardModelId: judge.id }
	});
	const policy = makePolicy(ppo, reward.id);
	const fork = makeRun('s', {
		name: 'Fork',
		parents: { rewardModelId: reward.id },
		start: { kind: 'snapshot', runId: ppo.id, step: 4 },
		reference: { kind: 'policy', policyId: policy.id }
	});
	const blind = makeEvaluation('s', policy.id);
	const records: LineageRecords = {
		versions: [data, other],
		runs: [rewardRun, judgeRun, ppo, fork],
		rewardModels: [reward, judge],
		policies: [policy],
		evaluations: [blind],
		reports: []
	};
	return { data, other, rewardRun, judgeRun, reward, judge, ppo, policy, fork, blind, records };
}

const withoutRun = (records: LineageRecords, gone: Run): LineageRecords => ({
	...records,
	runs: records.runs.filter((run) => run !== gone)
});

describe('lineage', () => {
	test('edges are read off the records, with what each was for', () => {
		const s = study();
		const { parentsOf, childrenOf, orphans } = lineageOf(s.records);
		expect(parentsOf(s.ppo.id)).toEqual([
			{ from: s.reward.id, to: s.ppo.id, role: 'reward' },
			{ from: s.judge.id, to: s.ppo.id, role: 'judge' }
		]);
		expect(parentsOf(s.rewardRun.id)).toEqual([
			{ from: s.data.id, to: s.rewardRun.id, role: 'data' }
		]);
		expect(parentsOf(s.fork.id).map(({ from, role }) => [from, role])).toEqual([
			[s.reward.id, 'reward'],
			[s.ppo.id, 'start'],
			[s.policy.id, 'reference']
		]);
		expect(childrenOf(s.policy.id).map(({ to }) => to)).toEqual([s.fork.id, s.blind.id]);
		expect(orphans.size).toBe(0);
	});

	test('what came from a deleted thing is an orphan, and drawn without it', () => {
		const s = study();
		const lineage = lineageOf(withoutRun(s.records, s.ppo));
		expect([...lineage.orphans].sort()).toEqual([s.policy.id, s.fork.id].sort());
		expect(lineage.parentsOf(s.policy.id)).toEqual([]);
	});

	test('kin are ancestors and descendants, not cousins', () => {
		const s = study();
		const kin = kinOf(lineageOf(s.records), s.reward.id);
		expect(kin.has(s.data.id) && kin.has(s.blind.id) && kin.has(s.fork.id)).toBe(true);
		expect(kin.has(s.judge.id) || kin.has(s.other.id)).toBe(false);
	});
});

describe('layout', () => {
	test('a child stands right of all its parents, and no two things in one place', () => {
		const s = study();
		const lineage = lineageOf(s.records);
		const { placed, columns, rows } = layOut(lineage);
		const at = new Map(placed.map((one) => [one.node.id, one]));
		for (const { from, to } of lineage.edges) {
			expect(at.get(to)?.column).toBeGreaterThan(at.get(from)?.column ?? Infinity);
		}
		expect(new Set(placed.map(({ column, row }) => `${column} ${row}`)).size).toBe(
			lineage.nodes.length
		);
		expect([columns, rows]).toEqual([6, 2]);
	});

	test('the two chains do not cross', () => {
		const s = study();
		const rowOf = new Map(
			layOut(lineageOf(s.records)).placed.map(({ node, row }) => [node.id, row])
		);
		const chains = [
			[s.data, s.rewardRun, s.reward],
			[s.other, s.judgeRun, s.judge]
		];
		for (const chain of chains) {
			expect(new Set(chain.map(({ id }) => rowOf.get(id))).size).toBe(1);
		}
	});

	test('the indented list has everything once, each under a parent, and names the other parents', () => {
		const s = study();
		const items = indented(lineageOf(s.records));
		expect(items).toHaveLength(10);
		const fork = items.find(({ node }) => node.id === s.fork.id);
		expect(fork?.others.map(({ id }) => id).sort()).toEqual([s.reward.id, s.ppo.id].sort());
		const levels = new Map(items.map(({ node, level }) => [node.id, level]));
		expect(levels.get(s.data.id)).toBe(0);
		expect(levels.get(s.fork.id)).toBe((levels.get(s.policy.id) ?? 0) + 1);
	});

	test('nothing is laid out as nothing', () => {
		const empty = lineageOf({
			...{ versions: [], runs: [], rewardModels: [], policies: [], evaluations: [], reports: [] }
		});
		expect(layOut(empty)).toEqual({ placed: [], columns: 0, rows: 0 });
		expect(indented(empty)).toEqual([]);
	});
});

describe('staleness', () => {
	const row = (id: string, hash = id, fields: Partial<HashedRow['row']> = {}): HashedRow => ({
		row: { id, source: 'human', outcome: 'a', ...fields },
		hash
	});
	const version = {
		members: ['p', 'q', 'r'].map((id) => ({ id, hash: id, split: 'train' as const })),
		excluded: [{ id: 'twin', reason: 'duplicate' as const }],
		transform: {
			...{ ties: 'drop' as const, includeSimulated: false, dropDuplicates: true },
			...{ heldOut: 0.2, splitSeed: 1 }
		}
	};

	test('taken back, changed and new answers are counted; what the version left out is not', () => {
		const rows = [
			row('p'),
			row('q', 'another answer'),
			row('s'),
			row('t', 't', { outcome: 'tie' }),
			row('u', 'u', { source: 'simulated' }),
			row('twin')
		];
		expect(driftOf(version, rows)).toEqual({ removed: 1, changed: 1, added: 1 });
	});

	test('an undo makes stale all that was made from those answers, and nothing else', () => {
		const s = study();
		const lineage = lineageOf(s.records);
		const drifts = new Map([[s.data.id, { removed: 1, changed: 0, added: 2 }]]);
		const stale = staleItems(lineage, drifts);
		expect([...stale.keys()].sort()).toEqual(
			[s.rewardRun, s.reward, s.ppo, s.policy, s.fork, s.blind].map(({ id }) => id).sort()
		);
		expect(stale.get(s.blind.id)).toEqual({
			state: 'stale',
			drift: { removed: 1, changed: 0, added: 2 },
			datasetId: s.data.id,
			sourceId: s.rewardRun.id
		});
	});

	test('newer answers alone leave behind, and a stale judge outweighs that', () => {
		const s = study();
		const drifts = new Map([
			[s.data.id, { removed: 0, changed: 0, added: 3 }],
			[s.other.id, { removed: 0, changed: 2, added: 0 }]
		]);
		const stale = staleItems(lineageOf(s.records), drifts);
		expect(stale.get(s.reward.id)?.state).toBe('behind');
		expect(stale.get(s.ppo.id)).toMatchObject({ state: 'stale', datasetId: s.other.id });
		const unchanged = new Map([[s.data.id, { removed: 0, changed: 0, added: 0 }]]);
		expect(staleItems(lineageOf(s.records), unchanged).size).toBe(0);
	});
});
