/** `npm start`: whatever a fresh clone lacks, then the app, served on this machine only and opened in the browser. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { serveFolder } from './serve.mjs';
import { ensureBuilt, ensureInstalled, requireNode, ROOT } from './set-up.mjs';

const PORT = 4173;

/** @param {string} url */
function openInBrowser(url) {
	const [command, ...args] =
		process.platform === 'darwin'
			? ['open', url]
			: process.platform === 'win32'
				? ['cmd', '/c', 'start', '', url]
				: ['xdg-open', url];
	spawn(command ?? '', args, { stdio: 'ignore', detached: true })
		// No desktop: the address is printed anyway.
		.on('error', () => undefined)
		.unref();
}

requireNode();
await ensureInstalled();
await ensureBuilt();
const { url, port } = await serveFolder(join(ROOT, 'dist'), PORT);
console.log(`\nTiller is at ${url}  (Ctrl+C ends it)`);
if (port !== PORT) {
	console.log(
		`Port ${PORT} was taken. Browsers keep data by address: what you stored at ${PORT} is not shown at ${port}.`
	);
}
if (!process.env['CI'] && !process.env['TILLER_NO_OPEN']) {
	openInBrowser(url);
}
