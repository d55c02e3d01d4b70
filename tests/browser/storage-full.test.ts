import { expect, onTestFinished, test } from 'vitest';
import { cdp } from 'vitest/browser';
import { commitStep, readCheckpoint } from '../../src/storage/checkpoints';
import { openStudio } from '../../src/storage/db';
import { newId } from '../../src/storage/ids';
import { getRun, listMetrics, putRun } from '../../src/storage/runs';
import { makeCheckpoint, makeMetrics, makeRun, makeSamples } from '../support/records';

const QUOTA_BYTES = 4 * 2 ** 20;

/** Random, so that no compression hides its size. */
function randomBytes(length: number): ArrayBuffer {
	const bytes = new Uint8Array(length);
	for (let at = 0; at < length; at += 65_536) {
		crypto.getRandomValues(bytes.subarray(at, at + 65_536));
	}
	return bytes.buffer;
}

test('a disk that is really full leaves the step before untouched, and later steps go on', async () => {
	const session = cdp() as unknown as {
		send(method: string, params: Record<string, unknown>): Promise<unknown>;
	};
	const { origin } = location;
	// Chromium remembers the room left since the first write; clearing makes it ask again.
	await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
	await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: QUOTA_BYTES });
	onTestFinished(async () => {
		await session.send('Storage.overrideQuotaForOrigin', { origin });
		await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
	});
	const db = await openStudio({ name: `test-${newId()}` });
	const run = makeRun('study');
	await putRun(db, run);
	const first = {
		run: { ...run, step: 1 },
		metrics: makeMetrics(run.id, 1),
		samples: [],
		checkpoint: makeCheckpoint(run.id, 1)
	};
	await commitStep(db, first);
	const tooLarge = commitStep(db, {
		run: { ...run, step: 2 },
		metrics: makeMetrics(run.id, 2),
		samples: makeSamples(run.id, 2),
		checkpoint: { ...makeCheckpoint(run.id, 2), weights: randomBytes(2 * QUOTA_BYTES) }
	});
	await expect(tooLarge).rejects.toMatchObject({ name: 'StudioError', code: 'quota-exceeded' });
	expect(await getRun(db, run.id)).toEqual(first.run);
	expect(await listMetrics(db, run.id)).toEqual(first.metrics);
	expect(await readCheckpoint(db, run.id)).toEqual(first.checkpoint);
	await commitStep(db, { ...first, run: { ...run, step: 2 } });
	expect((await getRun(db, run.id))?.step).toBe(2);
	db.close();
});
