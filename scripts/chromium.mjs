/** Finds a Chromium to test in, and the flags that give it WebGPU without a GPU. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright';

const QUIET = [
	'--no-sandbox',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--no-first-run'
];

const WEBGPU = ['--enable-unsafe-webgpu', '--enable-features=Vulkan'];

/** TILLER_GPU=1 uses the machine's own GPU; without it WebGPU runs in software, slowly but for real. */
export const CHROMIUM_ARGS =
	process.env['TILLER_GPU'] === '1'
		? [...QUIET, ...WEBGPU]
		: [...QUIET, ...WEBGPU, '--use-webgpu-adapter=swiftshader'];

const SYSTEM_PATHS = [
	'/usr/bin/chromium',
	'/usr/bin/chromium-browser',
	'/usr/bin/google-chrome-stable',
	'/usr/bin/google-chrome',
	'/usr/bin/microsoft-edge',
	'/snap/bin/chromium',
	'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
	'/Applications/Chromium.app/Contents/MacOS/Chromium',
	'/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
	...['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => {
		const root = process.env[name];
		return root ? [join(root, 'Google', 'Chrome', 'Application', 'chrome.exe')] : [];
	})
];

const ADVICE = `No Chromium was found, and the browser tests need one. Do one of these and run again:
  - Debian, Ubuntu:     sudo apt-get install chromium
  - any system:         npx playwright install chromium
  - elsewhere on disk:  TILLER_CHROMIUM=/path/to/chromium npm test`;

const named = () => process.env['TILLER_CHROMIUM'] ?? process.env['CHROME_PATH'];

/**
 * Path of a Chromium by environment variable, usual system paths, then Playwright's own download; undefined if none.
 * @returns {string | undefined}
 */
export function findChromium() {
	const asked = named();
	if (asked) {
		return existsSync(asked) ? asked : undefined;
	}
	return [...SYSTEM_PATHS, chromium.executablePath()].find((path) => existsSync(path));
}

/** What to do when there is none; empty when there is one. */
export function chromiumAdvice() {
	if (findChromium()) {
		return '';
	}
	const asked = named();
	return asked ? `There is no browser at ${asked}.\n${ADVICE}` : ADVICE;
}
