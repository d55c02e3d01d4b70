/** A static file server for the built app: Node's own modules only, this machine only, strict headers on every answer. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';

const MIME = /** @type {Record<string, string>} */ ({
	'.css': 'text/css; charset=utf-8',
	'.csv': 'text/csv; charset=utf-8',
	'.html': 'text/html; charset=utf-8',
	'.ico': 'image/x-icon',
	'.jpg': 'image/jpeg',
	'.js': 'text/javascript; charset=utf-8',
	'.json': 'application/json; charset=utf-8',
	'.jsonl': 'application/jsonl; charset=utf-8',
	'.map': 'application/json; charset=utf-8',
	'.md': 'text/markdown; charset=utf-8',
	'.mjs': 'text/javascript; charset=utf-8',
	'.png': 'image/png',
	'.safetensors': 'application/octet-stream',
	'.svg': 'image/svg+xml',
	'.txt': 'text/plain; charset=utf-8',
	'.wasm': 'application/wasm',
	'.webmanifest': 'application/manifest+json; charset=utf-8',
	'.woff2': 'font/woff2'
});

/** Workers take the policy of their own response, so these go on every file. */
export const SECURITY_HEADERS = {
	'Content-Security-Policy': [
		"default-src 'none'",
		"script-src 'self' 'wasm-unsafe-eval'",
		"worker-src 'self'",
		"connect-src 'self'",
		"style-src 'self'",
		"img-src 'self' data: blob:",
		"font-src 'self'",
		"manifest-src 'self'",
		"media-src 'none'",
		"object-src 'none'",
		"frame-src 'none'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		'trusted-types svelte-trusted-html default'
	].join('; '),
	'Cross-Origin-Opener-Policy': 'same-origin',
	'Cross-Origin-Embedder-Policy': 'require-corp',
	'Cross-Origin-Resource-Policy': 'same-origin',
	'X-Content-Type-Options': 'nosniff',
	'Referrer-Policy': 'no-referrer',
	'Permissions-Policy':
		'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=(), midi=(), display-capture=(), browsing-topics=(), clipboard-read=(), clipboard-write=(self), fullscreen=(self), screen-wake-lock=(self)'
};

/**
 * The file a request asks for, or null for anything outside `root`.
 * @param {string} root
 * @param {string} url
 */
function locate(root, url) {
	let path;
	try {
		path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
	} catch {
		return null;
	}
	const file = resolve(join(root, path.endsWith('/') ? `${path}index.html` : path));
	return !path.includes('\0') && file.startsWith(resolve(root) + sep) ? file : null;
}

/**
 * @param {string} root
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function answer(root, request, response) {
	for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
		response.setHeader(name, value);
	}
	/** @param {number} status @param {string} text */
	const refuse = (status, text) =>
		response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(text);
	if (request.method !== 'GET' && request.method !== 'HEAD') {
		refuse(405, 'Only GET and HEAD');
		return;
	}
	const file = locate(root, request.url ?? '/');
	const found = file ? await stat(file).catch(() => null) : null;
	if (!file || !found?.isFile()) {
		refuse(404, 'Not found');
		return;
	}
	const hashed = file.startsWith(resolve(root, 'assets') + sep);
	response.writeHead(200, {
		'Content-Type': MIME[extname(file).toLowerCase()] ?? 'application/octet-stream',
		'Content-Length': found.size,
		'Cache-Control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache'
	});
	if (request.method === 'HEAD') {
		response.end();
		return;
	}
	createReadStream(file)
		.on('error', () => response.destroy())
		.pipe(response);
}

/**
 * Serves `root` on localhost at `port`, or at the next free one; 0 asks for any.
 * @param {string} root
 * @param {number} port
 * @returns {Promise<{ url: string; port: number; close: () => Promise<void> }>}
 */
export async function serveFolder(root, port) {
	const lastPort = port === 0 ? 0 : port + 50;
	for (let candidate = port; ; candidate++) {
		const server = createServer((request, response) => void answer(root, request, response));
		try {
			await new Promise((done, fail) => {
				server.once('error', fail);
				server.listen(candidate, '127.0.0.1', () => done(null));
			});
		} catch (cause) {
			const inUse = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
			if (inUse && candidate < lastPort) {
				continue;
			}
			throw cause;
		}
		const address = server.address();
		const actual = address && typeof address === 'object' ? address.port : candidate;
		return {
			url: `http://localhost:${actual}/`,
			port: actual,
			close: () =>
				new Promise((done) => {
					server.close(() => done());
					server.closeAllConnections();
				})
		};
	}
}
