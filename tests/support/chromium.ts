import { chromiumAdvice, findChromium } from '../../scripts/chromium.mjs';

export { CHROMIUM_ARGS } from '../../scripts/chromium.mjs';

export function requireChromium(): string {
	const path = findChromium();
	if (!path) {
		throw new Error(chromiumAdvice());
	}
	return path;
}
