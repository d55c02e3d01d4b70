/**
 * Compiles the WebAssembly kernels (AssemblyScript) whenever their sources are newer than the binaries: one source, two binaries,
 * with and without relaxed SIMD. They land in .cache/kernels, which git ignores; the app imports them by URL like any other asset.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'workers/engine/wasm/kernels');
const OUTPUT = join(ROOT, '.cache/kernels');

/** @type {Record<string, string[]>} */
const FEATURES = { simd: ['simd'], relaxed: ['simd', 'relaxed-simd'] };
const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory'];

/** Of the sources, the options and the compiler: binaries of the same hash need not be made again. */
async function sourceHash() {
	const hash = createHash('sha256').update(JSON.stringify([FEATURES, OPTIONS]));
	hash.update(
		await readFile(createRequire(import.meta.url).resolve('assemblyscript/package.json'))
	);
	for (const name of (await readdir(SOURCES)).sort()) {
		hash.update(name).update(await readFile(join(SOURCES, name)));
	}
	return hash.digest('hex');
}

/** @param {string} name @param {string | Uint8Array} content */
async function replace(name, content) {
	// Two test projects may compile at the same time; a rename is never seen half done.
	const temporary = join(OUTPUT, `${name}.${process.pid}.${Math.round(performance.now() * 1e3)}`);
	await writeFile(temporary, content);
	await rename(temporary, join(OUTPUT, name));
}

/** @param {string[]} features */
async function compile(features) {
	const { default: asc } = await import('assemblyscript/asc');
	/** @type {Uint8Array | null} */
	let binary = null;
	const { error, stderr } = await asc.main(
		[
			'workers/engine/wasm/kernels/index.ts',
			...OPTIONS,
			'--outFile',
			'kernels.wasm',
			...features.flatMap((feature) => ['--enable', feature])
		],
		{
			readFile: (name, folder) => readFile(join(ROOT, folder, name), 'utf8').catch(() => null),
			writeFile: (_name, content) => {
				binary = content instanceof Uint8Array ? content : null;
			},
			listFiles: () => null
		}
	);
	if (error || !binary) {
		throw new Error(`The kernels do not compile:\n${stderr.toString()}`, { cause: error });
	}
	return binary;
}

/** Makes the binaries unless they are there already. */
export async function compileKernels() {
	const hash = await sourceHash();
	const stamp = await readFile(join(OUTPUT, 'stamp'), 'utf8').catch(() => '');
	if (stamp === hash) {
		return;
	}
	await mkdir(OUTPUT, { recursive: true });
	for (const [name, features] of Object.entries(FEATURES)) {
		await replace(`${name}.wasm`, await compile(features));
	}
	await replace('stamp', hash);
}

/** @returns {import('vite').Plugin} */
export function kernels() {
	return {
		name: 'tiller-kernels',
		configResolved: () => compileKernels(),
		configureServer(server) {
			server.watcher.on('change', (file) => {
				if (file.startsWith(SOURCES)) {
					compileKernels().then(
						() => server.ws.send({ type: 'full-reload' }),
						(/** @type {unknown} */ cause) => server.config.logger.error(String(cause))
					);
				}
			});
		}
	};
}
