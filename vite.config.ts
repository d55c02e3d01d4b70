import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM_ARGS, findChromium } from './scripts/chromium.mjs';
import { kernels } from './scripts/kernels-plugin.mjs';

/** Without these a dependency found late makes Vite reload the page in the middle of a browser test. */
const PREBUNDLED = [
	'@huggingface/tokenizers',
	'@tensorflow/tfjs',
	'@tensorflow/tfjs-core',
	'@tensorflow/tfjs-core/dist/register_all_gradients',
	'@tensorflow/tfjs-backend-cpu',
	'@tensorflow/tfjs-backend-wasm',
	'@tensorflow/tfjs-backend-webgpu',
	'axe-core',
	'chart.js',
	'hyparquet',
	'hyparquet-writer',
	'idb',
	'valibot'
];

/** TensorFlow.js for Node is CommonJS, of which this module is not a part. */
const TFJS_IN_NODE = {
	'@tensorflow/tfjs-core/dist/register_all_gradients': fileURLToPath(
		new URL('./tests/support/tfjs-gradients.ts', import.meta.url)
	)
};

const isolation = {
	'Cross-Origin-Opener-Policy': 'same-origin',
	'Cross-Origin-Embedder-Policy': 'require-corp'
};

const executablePath = findChromium();

export default defineConfig({
	plugins: [kernels(), svelte({ configFile: false })],
	worker: { format: 'es' },
	build: {
		target: 'es2023',
		// No data: URIs: the page is served with a strict Content-Security-Policy.
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		// The trainer worker carries TensorFlow.js; it is loaded after first paint.
		chunkSizeWarningLimit: 3000
	},
	optimizeDeps: { include: PREBUNDLED },
	server: { host: 'localhost', headers: process.env['VITEST'] ? {} : isolation },
	test: {
		projects: [
			{
				extends: true,
				resolve: { alias: TFJS_IN_NODE },
				test: { name: 'unit', environment: 'node', include: ['tests/unit/**/*.test.ts'] }
			},
			{
				extends: true,
				test: {
					name: 'browser',
					include: ['tests/browser/**/*.test.ts'],
					globalSetup: ['tests/support/require-chromium.ts'],
					// SwiftShader compiles shaders on the CPU.
					testTimeout: 60_000,
					hookTimeout: 60_000,
					browser: {
						enabled: true,
						headless: true,
						screenshotFailures: false,
						provider: playwright({
							launchOptions: { args: CHROMIUM_ARGS, ...(executablePath && { executablePath }) }
						}),
						instances: [{ browser: 'chromium' }]
					}
				}
			},
			{
				extends: true,
				test: {
					name: 'e2e',
					environment: 'node',
					include: ['tests/e2e/**/*.test.ts'],
					globalSetup: ['tests/support/require-chromium.ts', 'tests/support/build-app.ts'],
					maxWorkers: 2,
					testTimeout: 180_000,
					hookTimeout: 120_000
				}
			}
		]
	}
});
