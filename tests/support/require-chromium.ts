import { requireChromium } from './chromium';

/** Vitest global set-up: one plain sentence instead of a stack trace per test file. */
export default function setup(): void {
	requireChromium();
}
