import { expect, test } from 'vitest';
import {
	combinationOf,
	isSameCombination,
	matchesCombination,
	type KeyPress
} from '../../../src/state/key-combination';

const press = (key: string, code: string, held: Partial<KeyPress> = {}): KeyPress => ({
	key,
	code,
	ctrlKey: false,
	metaKey: false,
	altKey: false,
	shiftKey: false,
	...held
});

test('digits are meant by their place, on the row and on the pad', () => {
	expect(matchesCombination(press('1', 'Digit1'), '1')).toBe(true);
	expect(matchesCombination(press('1', 'Numpad1'), '1')).toBe(true);
	// A French keyboard writes & without Shift.
	expect(matchesCombination(press('&', 'Digit1'), '1')).toBe(true);
	expect(matchesCombination(press('!', 'Digit1', { shiftKey: true }), 'Shift+1')).toBe(true);
	expect(matchesCombination(press('1', 'Digit1'), '2')).toBe(false);
});

test('a modifier that was not asked for is a miss, and Command counts as Control', () => {
	expect(matchesCombination(press('s', 'KeyS', { ctrlKey: true }), 's')).toBe(false);
	expect(matchesCombination(press('s', 'KeyS', { altKey: true }), 's')).toBe(false);
	expect(matchesCombination(press('S', 'KeyS', { shiftKey: true }), 's')).toBe(false);
	expect(matchesCombination(press('z', 'KeyZ', { metaKey: true }), 'Control+z')).toBe(true);
	expect(
		matchesCombination(press('z', 'KeyZ', { ctrlKey: true, shiftKey: true }), 'Control+z')
	).toBe(false);
	expect(matchesCombination(press('1', 'Digit1', { altKey: true }), 'Alt+1')).toBe(true);
});

test('signs are meant by what they write, with or without Shift', () => {
	expect(matchesCombination(press('?', 'Slash', { shiftKey: true }), '?')).toBe(true);
	expect(matchesCombination(press('=', 'Digit0', { shiftKey: true }), '=')).toBe(true);
	expect(matchesCombination(press('/', 'Slash'), '?')).toBe(false);
});

test('letters of another alphabet are meant by their place', () => {
	expect(matchesCombination(press('ы', 'KeyS'), 's')).toBe(true);
	// A French or German letter is meant by what it writes.
	expect(matchesCombination(press('a', 'KeyQ'), 'a')).toBe(true);
	expect(matchesCombination(press('a', 'KeyQ'), 'q')).toBe(false);
});

test('a press names the combination that it matches', () => {
	const presses = [
		press('1', 'Digit1'),
		press('!', 'Digit1', { shiftKey: true }),
		press('s', 'KeyS'),
		press('S', 'KeyS', { shiftKey: true }),
		press('Z', 'KeyZ', { ctrlKey: true, shiftKey: true }),
		press('?', 'Slash', { shiftKey: true }),
		press('+', 'BracketRight'),
		press('ArrowLeft', 'ArrowLeft'),
		press('ArrowLeft', 'ArrowLeft', { altKey: true }),
		press(' ', 'Space'),
		press('ы', 'KeyS')
	];
	const names = presses.map(combinationOf);
	expect(names).toEqual([
		'1',
		'Shift+1',
		's',
		'Shift+s',
		'Control+Shift+z',
		'?',
		'+',
		'ArrowLeft',
		'Alt+ArrowLeft',
		'Space',
		's'
	]);
	presses.forEach((p, i) => expect(matchesCombination(p, names[i] ?? '')).toBe(true));
	expect(combinationOf(press('Shift', 'ShiftLeft', { shiftKey: true }))).toBeNull();
});

test('one combination has several spellings', () => {
	expect(isSameCombination('Control+Shift+z', 'Shift+Control+Z')).toBe(true);
	expect(isSameCombination('Shift+z', 'z')).toBe(false);
});
