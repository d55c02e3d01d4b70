/**
 * Keys by name, as in aria-keyshortcuts: '1', 'ArrowLeft', 'Shift+2', 'Control+z', '?'. Pure: works on the few fields of a
 * keyboard event that it reads.
 */

/** What is read of a KeyboardEvent. */
export interface KeyPress {
	key: string;
	code: string;
	ctrlKey: boolean;
	metaKey: boolean;
	altKey: boolean;
	shiftKey: boolean;
}

/** Whether Shift is needed for these depends on the keyboard, so it is not asked for. */
const SHIFTED_BY_LAYOUT = /^[^\p{L}\p{N}\s]$/u;
const DIGIT = /^\d$/;
const LATIN_LETTER = /^[a-z]$/i;
const MODIFIER_KEYS = new Set(['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock']);

/** The letter that stands on a key of a Latin keyboard: a Cyrillic or Greek layout has the same places. */
function letterOf({ key, code }: KeyPress): string {
	const byPlace = /^Key([A-Z])$/.exec(code)?.[1];
	return LATIN_LETTER.test(key) || !byPlace ? key.toLowerCase() : byPlace.toLowerCase();
}

/** The digit of a key by its place, so that Shift, and layouts that need it for digits, do not matter. */
function digitOf(code: string): string | null {
	return /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1] ?? null;
}

/** Modifiers must be those asked for and no others; Command counts as Control. */
export function matchesCombination(press: KeyPress, combination: string): boolean {
	const { key, isControl, isAlt, isShift } = parse(combination);
	if (isControl !== (press.ctrlKey || press.metaKey) || isAlt !== press.altKey) {
		return false;
	}
	if (SHIFTED_BY_LAYOUT.test(key)) {
		return press.key === key;
	}
	if (isShift !== press.shiftKey) {
		return false;
	}
	if (DIGIT.test(key)) {
		return digitOf(press.code) === key;
	}
	if (key === 'Space') {
		return press.key === ' ';
	}
	return LATIN_LETTER.test(key)
		? letterOf(press) === key.toLowerCase()
		: press.key.toLowerCase() === key.toLowerCase();
}

function parse(combination: string): {
	key: string;
	isControl: boolean;
	isAlt: boolean;
	isShift: boolean;
} {
	const parts = combination.endsWith('+')
		? [...combination.slice(0, -1).split('+').filter(Boolean), '+']
		: combination.split('+');
	const key = parts.pop() ?? '';
	return {
		key,
		isControl: parts.includes('Control'),
		isAlt: parts.includes('Alt'),
		isShift: parts.includes('Shift')
	};
}

/** The combination that a key press names; null while only modifiers are down. */
export function combinationOf(press: KeyPress): string | null {
	if (MODIFIER_KEYS.has(press.key)) {
		return null;
	}
	const digit = digitOf(press.code);
	const key = digit ?? (press.key === ' ' ? 'Space' : letterKey(press));
	const isByLayout = digit === null && SHIFTED_BY_LAYOUT.test(key);
	return [
		...(press.ctrlKey || press.metaKey ? ['Control'] : []),
		...(press.altKey ? ['Alt'] : []),
		...(press.shiftKey && !isByLayout ? ['Shift'] : []),
		key
	].join('+');
}

function letterKey(press: KeyPress): string {
	return press.key.length === 1 ? letterOf(press) : press.key;
}

/** The same key press by either name. */
export function isSameCombination(one: string, other: string): boolean {
	const [x, y] = [parse(one), parse(other)];
	return (
		x.key.toLowerCase() === y.key.toLowerCase() &&
		x.isControl === y.isControl &&
		x.isAlt === y.isAlt &&
		x.isShift === y.isShift
	);
}
