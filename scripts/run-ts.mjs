/** Runs a TypeScript file of this repository in Node through Vite, so that it resolves packages as the app does. */
import { resolve } from 'node:path';
import { createServer } from 'vite';
import { kernels } from './kernels-plugin.mjs';

const [file, ...rest] = process.argv.slice(2);
if (!file) {
	console.error('usage: node scripts/run-ts.mjs FILE [ARGUMENTS]');
	process.exit(2);
}
process.argv.splice(2, process.argv.length, ...rest);
const server = await createServer({
	configFile: false,
	plugins: [kernels()],
	root: new URL('..', import.meta.url).pathname,
	logLevel: 'error',
	appType: 'custom',
	server: { middlewareMode: true, hmr: false, ws: false, watch: null },
	optimizeDeps: { noDiscovery: true, include: [] },
	resolve: {
		alias: {
			'@tensorflow/tfjs-core/dist/register_all_gradients': resolve(
				'tests/support/tfjs-gradients.ts'
			)
		}
	},
	ssr: {
		external: [
			'@tensorflow/tfjs-core',
			'@tensorflow/tfjs-backend-wasm',
			'@tensorflow/tfjs-backend-cpu'
		]
	}
});
try {
	await server.ssrLoadModule(resolve(file));
} finally {
	await server.close();
}
