import { join } from 'node:path';
import { build } from 'vite';
import { isBuilt } from '../../scripts/fresh.mjs';

const ROOT = join(import.meta.dirname, '../..');

/** Vitest global set-up: builds dist once, unless it is already newer than its sources. */
export default async function setup(): Promise<void> {
	if (!isBuilt(ROOT)) {
		await build({ root: ROOT, mode: 'production', logLevel: 'warn' });
	}
}
