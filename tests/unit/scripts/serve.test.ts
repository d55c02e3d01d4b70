import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SECURITY_HEADERS, serveFolder } from '../../../scripts/serve.mjs';

let root = '';
let server: Awaited<ReturnType<typeof serveFolder>>;

beforeAll(async () => {
	const parent = await mkdtemp(join(tmpdir(), 'tiller-serve-'));
	root = join(parent, 'dist');
	await mkdir(join(root, 'assets'), { recursive: true });
	await mkdir(join(parent, 'dist-private'));
	await writeFile(join(parent, 'secret.txt'), 'secret');
	await writeFile(join(parent, 'dist-private', 'secret.txt'), 'secret');
	await writeFile(join(root, 'index.html'), '<!doctype html>');
	for (const name of ['engine.wasm', 'model.safetensors', 'rows.jsonl', 'main.js']) {
		await writeFile(join(root, 'assets', name), name);
	}
	server = await serveFolder(root, 0);
});

afterAll(async () => {
	await server.close();
	await rm(join(root, '..'), { recursive: true, force: true });
});

/** Sends the path as it is; `fetch` would tidy it first. */
function rawStatus(path: string, method = 'GET'): Promise<number | undefined> {
	return new Promise((resolve, reject) => {
		request({ host: '127.0.0.1', port: server.port, path, method }, (response) => {
			response.resume();
			resolve(response.statusCode);
		})
			.on('error', reject)
			.end();
	});
}

test.each([
	['', 'text/html; charset=utf-8', 'no-cache'],
	['assets/engine.wasm', 'application/wasm', 'public, max-age=31536000, immutable'],
	['assets/main.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
	['assets/model.safetensors', 'application/octet-stream', 'public, max-age=31536000, immutable'],
	['assets/rows.jsonl', 'application/jsonl; charset=utf-8', 'public, max-age=31536000, immutable']
])('/%s is sent as %s with every security header', async (path, type, caching) => {
	const response = await fetch(server.url + path);
	expect(response.status).toBe(200);
	expect(response.headers.get('content-type')).toBe(type);
	expect(response.headers.get('cache-control')).toBe(caching);
	for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
		expect(response.headers.get(name)).toBe(value);
	}
});

test('a file that is missing is a 404 with the same headers', async () => {
	const response = await fetch(`${server.url}assets/none.js`);
	expect(response.status).toBe(404);
	expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
});

test.each([
	'/../secret.txt',
	'/%2e%2e/secret.txt',
	'/..%2fsecret.txt',
	'/assets/..%2f..%2fsecret.txt',
	'/../dist-private/secret.txt',
	'/..%2fdist-private/secret.txt',
	'/assets',
	'/index.html%00.js',
	'/%',
	'//etc/passwd'
])('%s does not leave the folder', async (path) => {
	expect(await rawStatus(path)).toBe(404);
});

test('nothing can be written', async () => {
	expect(await rawStatus('/index.html', 'PUT')).toBe(405);
	expect(await rawStatus('/index.html', 'HEAD')).toBe(200);
});

test('a port that is taken leads to the next free one', async () => {
	const blocker = createServer();
	await new Promise<void>((done) => {
		blocker.listen(0, '127.0.0.1', done);
	});
	const address = blocker.address();
	const taken = typeof address === 'object' && address ? address.port : 0;
	const second = await serveFolder(root, taken);
	expect(second.port).toBeGreaterThan(taken);
	expect((await fetch(second.url)).status).toBe(200);
	await second.close();
	blocker.close();
});
