/** Whether what was made from something is older than it: dependencies from the lockfile, dist from the sources. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = ['src', 'workers', 'public', 'index.html', 'vite.config.ts', 'package-lock.json'];

/**
 * Newest change below a path, in milliseconds; 0 if there is nothing.
 * @param {string} path
 * @returns {number}
 */
function newest(path) {
	const found = statSync(path, { throwIfNoEntry: false });
	if (!found) {
		return 0;
	}
	if (!found.isDirectory()) {
		return found.mtimeMs;
	}
	return readdirSync(path).reduce(
		(latest, name) => Math.max(latest, newest(join(path, name))),
		// A folder's own time changes when a file in it is removed.
		found.mtimeMs
	);
}

/** @param {string} root */
export function isInstalled(root) {
	// npm writes this file last.
	const installed = newest(join(root, 'node_modules', '.package-lock.json'));
	return installed > 0 && installed >= newest(join(root, 'package-lock.json'));
}

/** @param {string} root */
export function isBuilt(root) {
	const built = newest(join(root, 'dist', 'index.html'));
	return built > 0 && SOURCES.every((source) => newest(join(root, source)) <= built);
}
