/** What a fresh clone lacks: the right Node, dependencies, a build. Node's own modules only. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBuilt, isInstalled } from './fresh.mjs';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

const OLDEST_NODE = [20, 19];

/** Ends with a plain sentence when this Node is too old to build the app. */
export function requireNode() {
	const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
	const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
	if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
		console.error(
			`Tiller needs Node ${OLDEST_NODE.join('.')} or newer, and this is ${process.versions.node}. Get one from https://nodejs.org and run this again.`
		);
		process.exit(1);
	}
}

/**
 * Runs a command to its end; gives its exit code, 1 when it could not start, 124 when it took longer than `limitMs`.
 * @param {string} command
 * @param {string[]} args
 * @param {{ limitMs?: number; env?: Record<string, string> }} [o]
 * @returns {Promise<number>}
 */
function run(command, args, o = {}) {
	return new Promise((resolve) => {
		let isLate = false;
		const child = spawn(command, args, {
			cwd: ROOT,
			stdio: 'inherit',
			env: { ...process.env, ...o.env },
			// npm is a script that only a shell finds on Windows.
			shell: process.platform === 'win32' && command === 'npm'
		});
		const timer = setTimeout(
			() => {
				isLate = true;
				child.kill();
				setTimeout(() => child.kill('SIGKILL'), 5000).unref();
			},
			o.limitMs ?? 2 ** 31 - 1
		);
		child.on('error', (error) => {
			console.error(`${command}: ${error.message}`);
			clearTimeout(timer);
			resolve(1);
		});
		child.on('exit', (code) => {
			clearTimeout(timer);
			resolve(isLate ? 124 : (code ?? 1));
		});
	});
}

/**
 * Runs a tool of this repository's dependencies, by its file, so that no shell or path is involved.
 * @param {string} file
 * @param {string[]} args
 * @param {{ limitMs?: number; env?: Record<string, string> }} [o]
 */
export function runTool(file, args, o) {
	return run(process.execPath, [join(ROOT, 'node_modules', file), ...args], o);
}

/** Installs the pinned dependencies if they are missing or older than the lockfile. */
export async function ensureInstalled() {
	if (isInstalled(ROOT)) {
		return;
	}
	console.log('Installing dependencies (npm ci) …');
	const code = await run('npm', ['ci', '--no-audit', '--no-fund'], {
		env: { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' }
	});
	if (code !== 0) {
		console.error('The dependencies could not be installed; the lines above say why.');
		process.exit(1);
	}
}

export function build() {
	return runTool('vite/bin/vite.js', ['build', '--logLevel', 'warn']);
}

/** Builds dist if it is missing or older than its sources. */
export async function ensureBuilt() {
	if (isBuilt(ROOT)) {
		return;
	}
	console.log('Building …');
	if ((await build()) !== 0) {
		console.error('The app could not be built; the lines above say why.');
		process.exit(1);
	}
}
