import { expect, test } from 'vitest';
import { GUARD_MS, ShowingTimer } from '../../../src/state/showing-timer';

function timerAt(start: number) {
	const clock = { ms: start };
	return { clock, timer: new ShowingTimer(() => clock.ms) };
}

test('keys answer only after the guard', () => {
	const { clock, timer } = timerAt(1000);
	timer.show(false);
	expect(timer.armedForMs).toBe(-GUARD_MS);
	clock.ms += GUARD_MS;
	expect(timer.armedForMs).toBe(0);
});

test('time in which the page was hidden is no active time', () => {
	const { clock, timer } = timerAt(1000);
	timer.show(false);
	clock.ms = 3000;
	timer.setHidden(true);
	clock.ms = 60_000;
	timer.setHidden(false);
	clock.ms = 61_500;
	expect(timer.showing('key')).toEqual({
		shownAt: 1000,
		armedAt: 1000 + GUARD_MS,
		answeredAt: 61_500,
		activeMs: 3500,
		input: 'key'
	});
});

test('what is shown next starts anew, even behind a hidden page', () => {
	const { clock, timer } = timerAt(0);
	timer.show(false);
	clock.ms = 500;
	timer.setHidden(true);
	clock.ms = 800;
	timer.show(true);
	clock.ms = 2000;
	expect(timer.showing('touch').activeMs).toBe(0);
	timer.setHidden(false);
	clock.ms = 2600;
	expect(timer.showing('touch')).toMatchObject({ shownAt: 800, activeMs: 600 });
});
