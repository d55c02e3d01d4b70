/** A key combination as it is printed on keys: one sign for each key. */
const SIGNS: Readonly<Record<string, string>> = {
	ArrowLeft: '←',
	ArrowRight: '→',
	ArrowUp: '↑',
	ArrowDown: '↓',
	Control: 'Ctrl',
	Space: 'space',
	Escape: 'Esc',
	Enter: '↵'
};

export function keySigns(combination: string): string[] {
	const parts = combination === '+' ? ['+'] : combination.split('+');
	return parts.map((part) => SIGNS[part] ?? (part.length === 1 ? part.toUpperCase() : part));
}
