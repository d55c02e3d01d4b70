/** Reward models and policies, and the weights that belong to them. Runs make them (`finishRun`). */
import type { PolicyRecord, RewardModelRecord } from '../core/records';
import { StudioError } from '../protocol/errors';
import { read, startingWith, write, type StudioDb } from './db';

/** In the order of making. */
export function listRewardModels(db: StudioDb, studyId: string): Promise<RewardModelRecord[]> {
	return read(() => db.getAllFromIndex('rewardModels', 'byStudy', startingWith(studyId)));
}

/** In the order of making. */
export function listPolicies(db: StudioDb, studyId: string): Promise<PolicyRecord[]> {
	return read(() => db.getAllFromIndex('policies', 'byStudy', startingWith(studyId)));
}

export function getRewardModel(db: StudioDb, id: string): Promise<RewardModelRecord | undefined> {
	return read(() => db.get('rewardModels', id));
}

export function getPolicy(db: StudioDb, id: string): Promise<PolicyRecord | undefined> {
	return read(() => db.get('policies', id));
}

function missing(id: string): StudioError {
	return new StudioError('missing-file', 'These weights are no longer stored', { detail: { id } });
}

/** Safetensors of a reward model or policy. */
export async function readWeights(db: StudioDb, id: string): Promise<ArrayBuffer> {
	const weights = await read(() => db.get('weights', id));
	if (!weights) {
		throw missing(id);
	}
	return weights.bytes;
}

export function renamePolicy(db: StudioDb, id: string, name: string): Promise<PolicyRecord> {
	return write(db, ['policies'], async (tx) => {
		const policies = tx.objectStore('policies');
		const policy = await policies.get(id);
		if (!policy) {
			throw missing(id);
		}
		const renamed = { ...policy, name };
		await policies.put(renamed);
		return renamed;
	});
}

/** Removes a reward model or a policy with its weights; the run that made it stays. */
export async function deleteModel(db: StudioDb, id: string): Promise<void> {
	await write(db, ['rewardModels', 'policies', 'weights'], async (tx) => {
		await tx.objectStore('rewardModels').delete(id);
		await tx.objectStore('policies').delete(id);
		await tx.objectStore('weights').delete(id);
	});
}
